// Starts what every page has. Each module attaches itself through data attributes and by delegation from the
// document, so content that arrives later works like content that came with the page.
import './theme.js';
import './menus.js';
import './side.js';
import './shortcuts.js';
import './copy.js';
import './carry_address.js';
import './table.js';
import './table_head.js';
import './cut_text.js';
import './choice.js';
import './days.js';
import './opens.js';
import './map.js';
import './refresh.js';
import './ages.js';
import './charts.js';
import './print.js';
import './time_range.js';
import './warm.js';
import './words.js';
