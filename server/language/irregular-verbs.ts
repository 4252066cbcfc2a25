// Stemming by endings does not bring these together; each line starts with the form that stands for the others.
const forms = `write wrote written; build built; give gave given; lend lent; lead led; hold held; run ran; begin began begun; become became; win won;
  leave left; lose lost; find found; buy bought; sell sold; bring brought; keep kept; send sent; speak spoke spoken; break broke broken; choose chose chosen;
  draw drew drawn; drive drove driven; fall fell fallen; fly flew flown; grow grew grown; know knew known; rise rose risen; sing sang sung; sink sank sunk;
  steal stole stolen; take took taken; throw threw thrown; wear wore worn; pay paid; say said; tell told; think thought; feel felt; meet met; sit sat;
  stand stood; understand understood; shoot shot; strike struck; fight fought; catch caught; seek sought; spend spent; lay laid; mean meant; eat ate eaten;
  see saw seen; come came; go went gone; make made maker makers making; die died death dead; birth born`;

/** The form that stands for an irregular one. */
export const irregularVerbs: ReadonlyMap<string, string> = new Map(
  forms.split(";").flatMap((line) => {
    const [base, ...others] = line.trim().split(/\s+/);
    return others.map((other) => [other, base!] as const);
  }),
);
