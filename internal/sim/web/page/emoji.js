// The shortcodes that cards, and people in an incident, use. Slack knows some thousands; one that is
// not here stays as it was typed, as Slack does with one it does not know.
const names = {
  white_check_mark: '✅', heavy_check_mark: '✔️', ballot_box_with_check: '☑️', x: '❌', heavy_multiplication_x: '✖️',
  warning: '⚠️', no_entry: '⛔', no_entry_sign: '🚫', octagonal_sign: '🛑', rotating_light: '🚨', sos: '🆘',
  hourglass: '⌛', hourglass_flowing_sand: '⏳', stopwatch: '⏱️', alarm_clock: '⏰', clock3: '🕒', calendar: '📆', date: '📅',
  arrows_counterclockwise: '🔄', arrows_clockwise: '🔃', repeat: '🔁', rewind: '⏪', fast_forward: '⏩',
  leftwards_arrow_with_hook: '↩️', arrow_right: '➡️', arrow_left: '⬅️', arrow_up: '⬆️', arrow_down: '⬇️',
  question: '❓', grey_question: '❔', exclamation: '❗', bangbang: '‼️', information_source: 'ℹ️', bulb: '💡',
  red_circle: '🔴', large_orange_circle: '🟠', orange_circle: '🟠', large_yellow_circle: '🟡', yellow_circle: '🟡',
  large_green_circle: '🟢', green_circle: '🟢', large_blue_circle: '🔵', blue_circle: '🔵', large_purple_circle: '🟣',
  white_circle: '⚪', black_circle: '⚫', radio_button: '🔘', small_blue_diamond: '🔹', small_orange_diamond: '🔸',
  droplet: '💧', sweat_drops: '💦', ocean: '🌊', fire: '🔥', zap: '⚡', boom: '💥', snowflake: '❄️', turtle: '🐢', snail: '🐌',
  rocket: '🚀', tada: '🎉', sparkles: '✨', eyes: '👀', wave: '👋', raised_hand: '✋', hand: '✋', pray: '🙏', clap: '👏',
  '+1': '👍', thumbsup: '👍', '-1': '👎', thumbsdown: '👎', ok_hand: '👌', muscle: '💪', point_right: '👉',
  smile: '😄', slightly_smiling_face: '🙂', thinking_face: '🤔', sob: '😭', scream: '😱', robot_face: '🤖', heart: '❤️',
  lock: '🔒', unlock: '🔓', key: '🔑', shield: '🛡️', bell: '🔔', no_bell: '🔕', mega: '📣', speech_balloon: '💬',
  gear: '⚙️', wrench: '🔧', hammer: '🔨', hammer_and_wrench: '🛠️', toolbox: '🧰', electric_plug: '🔌', battery: '🔋',
  computer: '💻', desktop_computer: '🖥️', floppy_disk: '💾', package: '📦', wastebasket: '🗑️', broom: '🧹',
  camera: '📷', camera_with_flash: '📸', mag: '🔍', chart_with_upwards_trend: '📈', bar_chart: '📊', clipboard: '📋', memo: '📝',
  pushpin: '📌', link: '🔗', label: '🏷️', moneybag: '💰', checkered_flag: '🏁', construction: '🚧', recycle: '♻️', new: '🆕',
  bust_in_silhouette: '👤', busts_in_silhouette: '👥', one: '1️⃣', two: '2️⃣', three: '3️⃣', four: '4️⃣', five: '5️⃣',
};

const shortcode = /:([a-z0-9_+'-]+):/g;

// emoji puts characters in the place of shortcodes.
export function emoji(text) {
  return text.replace(shortcode, (whole, name) => (Object.hasOwn(names, name) ? names[name] : whole));
}
