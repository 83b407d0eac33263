import { Page } from "@/components/Page";
export function RoundPage() { return <Page title="RoundPage">…</Page>; }
