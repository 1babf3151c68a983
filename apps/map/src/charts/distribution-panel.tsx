import { HeatChart } from "./heat-chart.tsx";
import { HistogramChart } from "./histogram-chart.tsx";

/** How a field is spread over the clients: in the shown round, and over all. */
export function DistributionPanel() {
  return (
    <div class="chart-panel distribution" data-testid="distribution">
      <HistogramChart />
      <HeatChart />
    </div>
  );
}
