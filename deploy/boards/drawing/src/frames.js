// From the answers of Prometheus to the data frames that Grafana's components draw, as its data source makes them.
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  FieldType,
  identityOverrideProcessor,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

// What a panel may say of its own, see the field options of the plugins.
const CUSTOM = [
  'drawStyle', 'lineWidth', 'lineInterpolation', 'fillOpacity', 'gradientMode', 'showPoints', 'pointSize', 'stacking',
  'axisPlacement', 'axisLabel', 'thresholdsStyle', 'spanNulls', 'barAlignment', 'align', 'cellOptions', 'inspect', 'width', 'minWidth',
];
const STANDARD = ['unit', 'min', 'max', 'decimals', 'displayName', 'color', 'mappings', 'thresholds', 'links', 'noValue'];

// What the plugins of Grafana set before the file of a dashboard says anything.
const PLUGIN_DEFAULTS = {
  timeseries: { color: { mode: 'palette-classic' }, custom: { axisPlacement: 'auto', lineInterpolation: 'linear' } },
  stat: { color: { mode: 'thresholds' } },
  bargauge: { color: { mode: 'thresholds' } },
  table: { color: { mode: 'thresholds' }, custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false } },
};

const option = (path, isCustom = false) => ({
  id: isCustom ? `custom.${path}` : path,
  path,
  name: path,
  isCustom,
  editor: () => null,
  override: () => null,
  process: identityOverrideProcessor,
  shouldApply: () => true,
  settings: {},
});

export function initRegistries() {
  standardFieldConfigEditorRegistry.setInit(() => [
    ...STANDARD.map((path) => option(path)),
    ...CUSTOM.map((path) => option(path, true)),
  ]);
  standardTransformersRegistry.setInit(() =>
    [...new Set(Object.values(standardTransformers))].map((transformation) => ({
      id: transformation.id,
      name: transformation.name,
      aliasIds: transformation.aliasIds,
      editor: () => null,
      imageDark: '',
      imageLight: '',
      transformation: async () => transformation,
    }))
  );
}

const legend = (format, labels) => format.replace(/\{\{(\w+)\}\}/g, (_, label) => labels[label] ?? '');

const number = (text) => ({ NaN: NaN, '+Inf': Infinity, '-Inf': -Infinity })[text] ?? Number(text);

// Diagrams have gaps where there is no finite number: the panel of Grafana sees to that before it draws.
const drawable = (value) => (Number.isFinite(value) ? value : null);

function seriesFrames(target, result) {
  return result.map(({ metric, value, values }) => {
    const points = values ?? [value];
    return toDataFrame({
      refId: target.refId,
      name: legend(target.legendFormat, metric),
      fields: [
        { name: 'Time', type: FieldType.time, values: points.map(([at]) => at * 1000), config: {} },
        {
          name: 'Value',
          type: FieldType.number,
          labels: metric,
          values: values ? points.map(([, text]) => drawable(number(text))) : [number(value[1])],
          config: { displayNameFromDS: legend(target.legendFormat, metric) },
        },
      ],
    });
  });
}

function tableFrame(target, result, alone) {
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000), config: {} },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        values: result.map(({ metric }) => metric[label] ?? ''),
        config: {},
      })),
      {
        name: alone ? 'Value' : `Value #${target.refId}`,
        type: FieldType.number,
        values: result.map(({ value }) => number(value[1])),
        config: {},
      },
    ],
  });
}

// With gaps where a step has no value, as Grafana's data source leaves them.
function withGaps(frames, from, to, step) {
  return frames.map((frame) => {
    const [time, value] = frame.fields;
    const at = new Map(time.values.map((t, i) => [Math.round(t), value.values[i]]));
    const grid = [];
    for (let t = from; t <= to; t += step) {
      grid.push(Math.round(t * 1000));
    }
    return {
      ...frame,
      length: grid.length,
      fields: [
        { ...time, values: grid },
        { ...value, values: grid.map((t) => at.get(t) ?? null) },
      ],
    };
  });
}

export async function framesOf(panel, answers, { theme, timeZone, replace }) {
  const data = panel.targets.flatMap((target) => {
    const { result, from, to, step } = answers[target.refId];
    if (target.format === 'table') {
      return result.length ? [tableFrame(target, result, panel.targets.length === 1)] : [];
    }
    const frames = seriesFrames(target, result);
    return target.range ? withGaps(frames, from, to, step) : frames;
  });
  const transformed = await firstValueFrom(transformDataFrame(panel.transformations ?? [], data));
  const frames = applyFieldOverrides({
    data: transformed,
    fieldConfig: configOf(panel),
    fieldConfigRegistry: standardFieldConfigEditorRegistry,
    replaceVariables: replace,
    theme,
    timeZone,
  }).map((frame, index) => ({
    ...frame,
    fields: frame.fields.map((field) =>
      field.type === FieldType.number && panel.type === 'timeseries'
        ? { ...field, state: { ...field.state, seriesIndex: index } }
        : field
    ),
  }));
  cacheFieldDisplayNames(frames);
  return frames;
}

// JSON has no infinity: the first step of a scale is written as null.
const fromTheBottom = ({ steps, ...rest }) => ({
  ...rest,
  steps: steps.map((step, index) => (index ? step : { ...step, value: -Infinity })),
});

export function configOf(panel) {
  const { defaults, overrides } = panel.fieldConfig;
  const plugin = PLUGIN_DEFAULTS[panel.type];
  return {
    defaults: {
      ...plugin,
      ...defaults,
      ...(defaults.thresholds && { thresholds: fromTheBottom(defaults.thresholds) }),
      custom: { ...plugin.custom, ...defaults.custom },
    },
    overrides: overrides ?? [],
  };
}
