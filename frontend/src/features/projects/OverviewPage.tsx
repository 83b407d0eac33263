import { Page } from "@/components/Page";
export function OverviewPage() { return <Page title="OverviewPage">…</Page>; }
