import { t } from "@lingui/core/macro";

import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";

import { Appearance } from "./Appearance";
import { PasswordForm } from "./PasswordForm";
import { ProfileForm } from "./ProfileForm";
import { SecondFactor } from "./SecondFactor";
import { Tokens } from "./Tokens";

export function SettingsPage() {
  return (
    <Page title={t`Settings`} lead={t`Yours alone: nobody else sees or shares these.`} narrow>
      <div style={{ display: "grid", gap: 24 }}>
        <Panel title={t`Account`}>
          <ProfileForm />
        </Panel>
        <Panel title={t`Password`}>
          <PasswordForm />
        </Panel>
        <Panel title={t`Second factor`}>
          <SecondFactor />
        </Panel>
        <Panel title={t`Appearance`}>
          <Appearance />
        </Panel>
        <Panel title={t`API tokens`}>
          <Tokens />
        </Panel>
      </div>
    </Page>
  );
}
