/** Settings and the list of shortcuts. */
export const settings = {
  title: "Settings",
  appearance: "Appearance",
  theme: "Theme",
  themes: { system: "System", light: "Light", dark: "Dark" },
  protection: "Protection",
  protectionHint: "What a write to an environment asks first.",
  protections: {
    none: "Send at once",
    confirm: "Ask first",
    type_name: "Ask for the name",
    read_only: "Change nothing",
  },
  protectionOf: (environment: string, connection: string) => `Protection of ${environment}, ${connection}`,
  notices: "Notices",
  noticesOn: "Tell of trouble on the desktop",
  noticesHint: "Once, when a surface that serves a protected environment is stale or does not answer.",
  connections: "Connections",
  keyHomes: {
    keychain: "Key in the system keychain",
    session: "Key kept until Halyard closes",
    missing: "Key missing",
  },
  enterKey: "Enter the key again",
  enterKeyFor: (connection: string) => `Enter the key again for ${connection}`,
  keychain: "System keychain",
  keychainReady: "Keys can be kept in the system keychain.",
  keyboard: "Keyboard",
  singleLetters: "Single-letter shortcuts",
  singleLettersHint: "They work only while no text field has the focus.",
  singleOn: "On",
  singleOff: "Off",
};

/** Every shortcut that works, as keys and act. */
export function shortcuts(modifier: string): { keys: string[]; act: string; letter?: boolean }[] {
  return [
    { keys: ["G", "F"], act: "Flags", letter: true },
    { keys: ["G", "P"], act: "Preview", letter: true },
    { keys: ["G", "A"], act: "Activity", letter: true },
    { keys: ["G", "H"], act: "Health", letter: true },
    { keys: [`${modifier} 1 to 9`], act: "Environment 1 to 9" },
    { keys: [`${modifier} R`], act: "Sync" },
    { keys: ["/"], act: "Filter the table", letter: true },
    { keys: ["Up", "Down"], act: "Move in the table" },
    { keys: ["J", "K"], act: "Move in the table", letter: true },
    { keys: ["Home", "End", "PgUp", "PgDn"], act: "Jump in the table" },
    { keys: ["Enter"], act: "Open the row" },
    { keys: ["Right", "Left"], act: "Open or close a result" },
    { keys: ["N", "Shift N"], act: "Next or previous difference", letter: true },
    { keys: ["Space"], act: "Turn the flag on or off; asks first if protected" },
    { keys: ["Esc"], act: "Close the panel, clear the filter, cancel" },
    { keys: [`${modifier} Enter`], act: "Publish or confirm" },
    { keys: [`${modifier} Z`], act: "Undo the last change" },
    { keys: [`${modifier} ,`], act: "Settings" },
    { keys: ["?"], act: "Shortcuts", letter: true },
  ];
}
