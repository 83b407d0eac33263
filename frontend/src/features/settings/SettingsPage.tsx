import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";

import { Appearance } from "./Appearance";
import { PasswordForm } from "./PasswordForm";
import { ProfileForm } from "./ProfileForm";
import { SecondFactor } from "./SecondFactor";
import { Tokens } from "./Tokens";

export function SettingsPage() {
  return (
    <Page title="Settings" lead="Yours alone: nobody else sees or shares these." narrow>
      <div style={{ display: "grid", gap: 24 }}>
        <Panel title="Account">
          <ProfileForm />
        </Panel>
        <Panel title="Password">
          <PasswordForm />
        </Panel>
        <Panel title="Second factor">
          <SecondFactor />
        </Panel>
        <Panel title="Appearance">
          <Appearance />
        </Panel>
        <Panel title="API tokens">
          <Tokens />
        </Panel>
      </div>
    </Page>
  );
}
