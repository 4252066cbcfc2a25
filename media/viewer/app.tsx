import { useEffect, useRef } from "preact/hooks";
import { AnswerCard } from "./answer.tsx";
import { EmptyState } from "./empty-state.tsx";
import { followEnd } from "./follow-end.ts";
import { FollowUp } from "./follow-up.tsx";
import { FormSwitch } from "./form-switch.tsx";
import { Header, Question } from "./header.tsx";
import { Icon } from "./icon.tsx";
import { MaskAudit } from "./mask-audit.tsx";
import { RecordFacts } from "./record-facts.tsx";
import { RewardTable } from "./reward.tsx";
import { Segments } from "./segments.tsx";
import { Strip } from "./strip.tsx";
import { TokenView } from "./tokens.tsx";
import { tokensShown, trajectory, view } from "./view-model.ts";

/** The whole view: banner, what scrolls, and the box that stays at the bottom. */
export function App() {
  const scroller = useRef<HTMLElement>(null);
  useEffect(() => (scroller.current ? followEnd(scroller.current) : undefined), []);
  return (
    <>
      <Banner />
      <main ref={scroller} class="scroller">
        <div class="content">
          <Shown />
        </div>
      </main>
      <FollowUp />
      <Announcement />
    </>
  );
}

function Shown() {
  if (!trajectory.value) return <EmptyState />;
  return (
    <>
      <Question />
      <Header />
      <Strip />
      <FormSwitch />
      {tokensShown.value && trajectory.value.tokens ? <TokenView /> : <Segments />}
      <LooseAnswer />
      <Notices />
      <RewardTable />
      <MaskAudit />
      <RecordFacts />
    </>
  );
}

/** An answer whose trajectory has no answer segment, such as an abstention, stands after the segments. */
function LooseAnswer() {
  const shown = trajectory.value;
  if (!shown?.answer || shown.segments.some(({ kind }) => kind === "answer")) return null;
  return <AnswerCard answer={shown.answer} />;
}

function Notices() {
  const notices = trajectory.value?.notices ?? [];
  if (notices.length === 0) return null;
  return (
    <ul class="notices" aria-label="Notices">
      {notices.map((notice, index) => (
        <li key={index}>
          <Icon name="info" /> {notice}
        </li>
      ))}
    </ul>
  );
}

function Banner() {
  const { banner } = view.value;
  if (banner === undefined) return null;
  return (
    <aside class="banner" aria-label="State">
      <Icon name="info" /> <span>{banner}</span>
    </aside>
  );
}

function Announcement() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {view.value.announcement}
    </div>
  );
}
