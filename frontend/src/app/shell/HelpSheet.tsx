import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";

import { Key } from "@/components/Key";
import { keyLabel, namesOf, type Command } from "@/lib/commands";
import { holderOf, resetKeys, setKey, useKeymap } from "@/lib/keymap";
import { useActiveCommands } from "@/lib/useCommands";

import classes from "./HelpSheet.module.css";

/** Keys that move or leave; they cannot be given to something else. */
const RESERVED: ReadonlySet<string> = new Set(["Escape", "Tab", "shift+Tab", "Shift", "Control", "Alt", "Meta", "CapsLock", "Dead"]);

const keyOf = ({ keys }: Command): string => (keys[0] ? keyLabel(keys[0]) : t`none`);

interface Wish {
  command: Command;
  key: string;
  holder: Command;
}

/** Every shortcut of this page, drawn from the commands themselves; a person may change them here. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const commands = useActiveCommands();
  const chosen = useKeymap();
  const [changing, setChanging] = useState(false);
  const [asking, setAsking] = useState<string | null>(null);
  const [wish, setWish] = useState<Wish | null>(null);
  const groups = [...new Set(commands.map((command) => command.group))];
  const asked = commands.find((command) => command.id === asking);

  const hear = useEffectEvent((event: KeyboardEvent) => {
    if (!asked) return;
    event.preventDefault();
    event.stopPropagation();
    const key = namesOf(event)[0] ?? "";
    if (event.altKey || (RESERVED.has(event.key) && event.key !== "Escape")) return;
    setAsking(null);
    if (event.key === "Escape") return;
    if (asked.keys[0] === key) return;
    const holder = holderOf(commands.filter((command) => !command.fixed), asked, key);
    if (holder) setWish({ command: asked, key, holder });
    else setKey(commands, asked, key);
  });
  useEffect(() => {
    if (asking === null) return;
    const listen = (event: KeyboardEvent) => hear(event);
    window.addEventListener("keydown", listen, true);
    return () => window.removeEventListener("keydown", listen, true);
  }, [asking]);

  const row = (command: Command) => {
    const own = changing && !command.fixed;
    if (command.keys.length === 0 && !own) return null;
    return (
      <div key={command.id} className={classes.row}>
        <dt>{command.label}</dt>
        <dd>
          {own ? (
            <button
              type="button"
              className={classes.change}
              aria-label={t`Key of “${command.label}”: ${keyOf(command)}. Change it`}
              onClick={() => {
                setWish(null);
                setAsking(command.id);
              }}
            >
              {asking === command.id ? t`Press a key…` : command.keys[0] ? <Key name={command.keys[0]} /> : t`none`}
            </button>
          ) : (
            command.keys.map((key) => <Key key={key} name={key} />)
          )}
        </dd>
      </div>
    );
  };

  return (
    <Modal opened onClose={onClose} title={t`Keyboard`} size="lg" closeOnEscape={asking === null}>
      <div role="status" className={classes.status}>
        {wish ? (
          <Group gap="xs">
            <span>
              <Trans>{keyLabel(wish.key)} is the key of “{wish.holder.label}”.</Trans>
            </span>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                setKey(commands, wish.command, wish.key);
                setWish(null);
              }}
            >
              <Trans>Swap the two</Trans>
            </Button>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setWish(null)}>
              <Trans>Leave both</Trans>
            </Button>
          </Group>
        ) : changing ? (
          t`Choose a command, then press its new key. Esc leaves it as it was.`
        ) : null}
      </div>
      <div className={classes.columns}>
        {groups.map((group) => {
          const rows = commands.filter((command) => command.group === group).map(row);
          return rows.every((one) => one === null) ? null : (
            <section key={group} className={classes.group}>
              <h3 className={classes.title}>{group}</h3>
              <dl className={classes.list}>{rows}</dl>
            </section>
          );
        })}
      </div>
      <Group gap="xs" mt="md">
        <Button size="xs" variant="default" onClick={() => setChanging(!changing)}>
          {changing ? t`Done` : t`Change keys`}
        </Button>
        {Object.keys(chosen).length > 0 ? (
          <Button size="xs" variant="subtle" color="gray" onClick={resetKeys}>
            <Trans>Use the original keys</Trans>
          </Button>
        ) : null}
      </Group>
    </Modal>
  );
}
