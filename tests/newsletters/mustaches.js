// Evaluates Handlebars templates, one JSON value a line, as campaign.go does Go's.
const handlebars = require("handlebars");
const lines = require("readline").createInterface({ input: process.stdin });

handlebars.registerHelper("insert", (value, more) => value || more.replace("default=", ""));
const values = {
  unsubscribe: "https://lists.example.org/leave/7?a=1",
  unsubscribe_preferences: "https://lists.example.org/leave/7?manage=true",
  Weblink: "https://lists.example.org/web/7",
  first_name: "Zoë O'Hara",
};

lines.on("line", (line) => {
  let sent = "";
  let fault = "";
  try {
    sent = handlebars.compile(JSON.parse(line).source)(values);
  } catch (error) {
    fault = String(error);
  }
  console.log(JSON.stringify({ sent, fault }));
});
