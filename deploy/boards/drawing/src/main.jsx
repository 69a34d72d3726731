// One dashboard, laid out on Grafana's grid, from its JSON and what Prometheus answered (data.js).
import { createTheme, dateTime, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { createRoot } from 'react-dom/client';

import { framesOf, initRegistries } from './frames.js';
import { Content } from './panels.jsx';

const { board, answers, from, to, values, timeZone, width } = window.drawing;
const COLUMNS = 24;
const ROW = 30;
const GAP = 8;

const theme = createTheme({ colors: { mode: 'dark' } });
const replace = (text) => text.replace(/\$(?:\{(\w+)[^}]*\}|(\w+))/g, (whole, a, b) => values[a ?? b] ?? whole);
const context = {
  theme,
  timeZone,
  replace,
  range: () => ({ from: dateTime(from * 1000), to: dateTime(to * 1000), raw: { from: board.time.from, to: 'now' } }),
};

function place({ x, y, w, h }) {
  const column = (width - GAP) / COLUMNS;
  return {
    left: GAP + x * column,
    top: GAP + y * (ROW + GAP),
    width: w * column - GAP,
    height: h * (ROW + GAP) - GAP,
  };
}

function Row({ panel }) {
  const { left, top } = place(panel.gridPos);
  return (
    <h3 style={{ position: 'absolute', left, top, margin: 0, lineHeight: `${ROW}px`, fontSize: 18 }}>{panel.title}</h3>
  );
}

function Panel({ panel, frames }) {
  const box = place(panel.gridPos);
  return (
    <div style={{ position: 'absolute', ...box }}>
      <PanelChrome title={panel.title} description={panel.description} width={box.width} height={box.height}>
        {(innerWidth, innerHeight) => (
          <Content panel={panel} frames={frames} context={context} width={innerWidth} height={innerHeight} />
        )}
      </PanelChrome>
    </div>
  );
}

async function draw() {
  initRegistries();
  const drawn = await Promise.all(
    board.panels.map(async (panel) =>
      panel.type === 'row' ? { panel } : { panel, frames: await framesOf(panel, answers[panel.id], context) }
    )
  );
  const rows = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const style = {
    position: 'relative',
    width,
    height: rows * (ROW + GAP) + GAP,
    background: theme.colors.background.canvas,
    color: theme.colors.text.primary,
    fontFamily: theme.typography.fontFamily,
  };
  createRoot(document.getElementById('root')).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={style}>
        {drawn.map(({ panel, frames }) =>
          frames ? <Panel key={panel.id} panel={panel} frames={frames} /> : <Row key={panel.id} panel={panel} />
        )}
      </div>
    </ThemeContext.Provider>
  );
}

draw().catch((error) => window.onerror(error.message, '', 0, 0, error));
