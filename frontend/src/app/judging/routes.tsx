import { AdjudicatePage } from "@/features/lead/adjudicate/AdjudicatePage";
import { ProtocolPage } from "@/features/lead/protocol/ProtocolPage";

import { Judging } from "./Judging";

/** Pages of leads on which one judges as annotators do. */
export const AdjudicateRoute = () => <AdjudicatePage Desk={Judging} />;
export const ProtocolRoute = () => <ProtocolPage Desk={Judging} />;
