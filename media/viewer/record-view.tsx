import { AnnotationsPart } from "./annotations.tsx";
import { AnswerCard } from "./answer.tsx";
import { FormSwitch } from "./form-switch.tsx";
import { Header, Question } from "./header.tsx";
import { Icon } from "./icon.tsx";
import { MaskAudit } from "./mask-audit.tsx";
import { RecordFacts } from "./record-facts.tsx";
import { RewardTable } from "./reward.tsx";
import { Segments } from "./segments.tsx";
import { Strip } from "./strip.tsx";
import { TokenView } from "./tokens.tsx";
import { tokensShown, trajectory } from "./view-model.ts";

/** The shown trajectory from its question to its record; nothing while none is shown. `tags` are offered where one is added. */
export function RecordView({ tags = [] }: { tags?: readonly string[] }) {
  if (!trajectory.value) return null;
  return (
    <>
      <Question />
      <Header />
      <Strip />
      <AnnotationsPart tags={tags} />
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
