import { useSession } from "../session.ts";
import { lazily } from "./lazily.tsx";

const ClientDetails = lazily(async () => (await import("./client-details.tsx")).ClientDetails, null);

/** The selected client, if there is one. */
export function ClientPanel() {
  const { data, state } = useSession();
  const id = state.client.value;
  const client = id === undefined ? -1 : data.clients.value.indexOf(id);
  if (id === undefined || client < 0) return null;
  return <ClientDetails id={id} client={client} />;
}
