import { Page } from "@/components/Page";
export function RoundsPage() { return <Page title="RoundsPage">…</Page>; }
