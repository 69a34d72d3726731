// Each panel type of the boards, drawn by the component that Grafana's plugin of that name draws with.
import { getDisplayValueAlignmentFactors, getFieldDisplayValues, VizOrientation } from '@grafana/data';
import { BarGauge, BigValue, BigValueTextMode, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

import { configOf } from './frames.js';

function Empty({ panel }) {
  return (
    <div style={{ display: 'flex', height: '100%', alignItems: 'center', justifyContent: 'center', opacity: 0.7 }}>
      {panel.fieldConfig.defaults.noValue ?? 'No data'}
    </div>
  );
}

function displayValues(panel, frames, context) {
  return getFieldDisplayValues({
    fieldConfig: configOf(panel),
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: context.replace,
    theme: context.theme,
    data: frames,
    timeZone: context.timeZone,
  });
}

function Stat({ panel, frames, context, width, height }) {
  const { options } = panel;
  return (
    <VizRepeater
      source={frames}
      getValues={() => displayValues(panel, frames, context)}
      width={width}
      height={height}
      orientation={options.orientation ?? VizOrientation.Auto}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      itemSpacing={3}
      autoGrid
      renderCounter={0}
      renderValue={({ value, width, height, count, alignmentFactors }) => (
        <BigValue
          value={value.display}
          count={count}
          width={width}
          height={height}
          theme={context.theme}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode ?? BigValueTextMode.Auto}
          alignmentFactors={alignmentFactors}
          text={options.text}
          wideLayout={options.wideLayout}
        />
      )}
    />
  );
}

function Bars({ panel, frames, context, width, height }) {
  const { options } = panel;
  return (
    <VizRepeater
      source={frames}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      getValues={() => displayValues(panel, frames, context)}
      width={width}
      height={height}
      orientation={options.orientation}
      minVizHeight={options.minVizHeight ?? 16}
      minVizWidth={options.minVizWidth ?? 8}
      maxVizHeight={options.maxVizHeight ?? 300}
      itemSpacing={options.displayMode === 'lcd' ? 2 : 10}
      renderCounter={0}
      renderValue={({ value, width, height, orientation, alignmentFactors }) => (
        <BarGauge
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex)}
          width={width}
          height={height}
          orientation={orientation}
          theme={context.theme}
          itemSpacing={10}
          lcdCellWidth={12}
          displayMode={options.displayMode}
          showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
          alignmentFactors={alignmentFactors}
          text={options.text}
        />
      )}
    />
  );
}

function Lines({ panel, frames, context, width, height }) {
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      width={width}
      height={height}
      timeRange={context.range(panel)}
      timeZone={context.timeZone}
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

function Rows({ frames, width, height }) {
  return <TableNG data={frames[0]} width={width} height={height} structureRev={1} transparent enableVirtualization={false} />;
}

const DRAWN = { stat: Stat, bargauge: Bars, timeseries: Lines, table: Rows };

export function Content({ panel, frames, ...rest }) {
  const Drawn = DRAWN[panel.type];
  const anything = frames.some((frame) => frame.length > 0);
  return anything ? <Drawn panel={panel} frames={frames} {...rest} /> : <Empty panel={panel} />;
}
