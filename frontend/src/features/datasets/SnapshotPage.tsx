import { Page } from "@/components/Page";
export function SnapshotPage() { return <Page title="SnapshotPage">…</Page>; }
