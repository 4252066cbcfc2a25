import type { Trajectory } from "../../protocol/trajectory.ts";
import { Fold } from "./fold.tsx";
import { send } from "./host.ts";
import { Icon } from "./icon.tsx";
import { trajectory, view } from "./view-model.ts";
import { count, seconds, stateOf } from "./wording.ts";

/** What the record says beside its text: gold answers, how it ended, what it used, who sampled it and how, and its ids. */
export function RecordFacts() {
  const shown = trajectory.value;
  if (!shown || view.value.live) return null;
  return (
    <section class="record" aria-label="Record">
      <Fold id="record" label="Record" open aside={<Links id={shown.id} />}>
        <dl class="facts-list">
          {recordFacts(shown).map(([label, value], index) => (
            <div key={index}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Fold>
    </section>
  );
}

function Links({ id }: { id: string }) {
  return (
    <button
      type="button"
      class="quiet"
      title="Copy a link that opens this trajectory in the editor"
      onClick={() => send("copyLink", { trajectoryId: id })}
    >
      <Icon name="link" /> Copy link
    </button>
  );
}

/** Labels and values of everything in a record that is neither text nor reward. */
export function recordFacts(shown: Trajectory): [label: string, value: string][] {
  const { golds, policy, profile, sampling, usage, stop, index, tokens } = shown;
  const used = [
    count(usage.turns, "turn"),
    count(usage.searches, "search", "searches"),
    ...tokenCounts(usage),
    `${seconds(usage.seconds)} (policy ${seconds(usage.policySeconds)}, search ${seconds(usage.searchSeconds)})`,
  ];
  const settings = Object.entries(sampling).map(([name, value]) => `${name} ${value}`);
  const facts: [string, string | undefined][] = [
    ["Gold answers", golds?.join(" · ")],
    ["Stopped", [stateOf(shown, false).words, stop?.detail].filter(Boolean).join(": ")],
    ["Used", used.join(" · ")],
    ["Policy", [policy.label, policy.id, policy.chosen].filter(Boolean).join(" · ")],
    ["Profile", profile],
    ["Sampling", settings.join(" · ") || undefined],
    ["Index", [index.id, index.folders.map(({ name }) => name).join(", "), index.coverage].filter(Boolean).join(" · ")],
    ["Tokenizer", tokens?.tokenizer],
    ["Asked", shown.createdAt],
    ["Follows", shown.follows],
    ["Imported from", shown.source?.format],
    ["Id", shown.id],
  ];
  return facts.flatMap(([label, value]) => (value === undefined || value === "" ? [] : [[label, value]]));
}

function tokenCounts({ promptTokens, policyTokens, environmentTokens }: Trajectory["usage"]): string[] {
  const counts: [number | undefined, string][] = [
    [promptTokens, "prompt token"],
    [policyTokens, "policy token"],
    [environmentTokens, "masked token"],
  ];
  return counts.flatMap(([value, name]) => (value === undefined ? [] : [count(value, name)]));
}
