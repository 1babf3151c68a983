import { batch } from "@preact/signals";
import { CLIENT_ORDERS, type ClientOrder } from "../page-state.ts";
import { useSession } from "../session.ts";

const ORDER_LABELS: Readonly<Record<ClientOrder, string>> = {
  worst: "Worst value first",
  trouble: "Most trouble first",
  dropped: "Most often dropped out first",
  silent: "Longest silent first",
  id: "By id",
};

/** In which order the clients come. */
export function OrderSelect() {
  const { state } = useSession();
  return (
    <select
      aria-label="Order"
      value={state.order.value}
      onChange={(event) => {
        const order = CLIENT_ORDERS.find((name) => name === event.currentTarget.value) ?? "trouble";
        batch(() => {
          state.order.value = order;
          state.page.value = 0;
        });
      }}
    >
      {CLIENT_ORDERS.map((order) => (
        <option key={order} value={order}>
          {ORDER_LABELS[order]}
        </option>
      ))}
    </select>
  );
}
