/** Takes the place of a panel that isn't there yet. */
function Placeholder() {
  return <p class="empty">Not here yet</p>;
}

export const ParticipationPanel = Placeholder;
export const DistributionPanel = Placeholder;
export const MultiplesPanel = Placeholder;
