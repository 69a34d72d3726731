"""The domain: leads, their facts and the numbers made of them. Values in, values out; `now` is an argument."""
