import { HeatChart } from "./heat-chart.tsx";
import { HistogramChart } from "./histogram-chart.tsx";
import { MetricSelect } from "./metric-select.tsx";

/** How a field is spread over the clients: in the shown round, and over all. */
export function DistributionPanel() {
  return (
    <div class="chart-panel" data-testid="distribution">
      <div class="panel-tools chart-panel-tools">
        <MetricSelect />
      </div>
      <div class="distribution">
        <HistogramChart />
        <HeatChart />
      </div>
    </div>
  );
}
