import type { Arrival } from "@/api/invitations";

/** The parameters by which crowd platforms name a person on a link. */
const PLATFORMS = ["PROLIFIC_PID", "workerId", "participantId", "participant_id", "worker_id"];

/** Read as it stands: a long number must stay the text that it is. */
export function arrivalOf(search: string): Arrival {
  const parameters = new URLSearchParams(search);
  const platform = PLATFORMS.find((name) => parameters.get(name));
  return { platform: platform ?? "", worker_id: platform ? (parameters.get(platform) ?? "") : "" };
}
