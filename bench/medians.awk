# Makes one text of several runs of the same bench: where their lines differ in numbers only, each number is the median of the runs, with the smallest and the greatest behind it.
# usage: awk -f medians.awk RUN...
FNR == 1 { runs++ }
{ line[runs, FNR] = $0; if (FNR > lines) lines = FNR }

# Into numbers and what is between them; a number has digits, thousands separators and a fraction.
function split_line(text, run,    found) {
  count[run] = 0
  gsub(/ +/, " ", text)
  while (match(text, /[0-9][0-9,]*(\.[0-9]+)?/)) {
    found = ++count[run]
    between[run, found] = substr(text, 1, RSTART - 1)
    number[run, found] = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
  }
  between[run, count[run] + 1] = text
}

function value(text) { gsub(/,/, "", text); return text + 0 }

function middle(place,    i, j, text) {
  for (i = 1; i <= runs; i++) sorted[i] = number[i, place]
  for (i = 2; i <= runs; i++) {
    text = sorted[i]
    for (j = i - 1; j >= 1 && value(sorted[j]) > value(text); j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = text
  }
  if (value(sorted[1]) == value(sorted[runs])) return sorted[1]
  return sorted[int((runs + 1) / 2)] " (" sorted[1] " to " sorted[runs] ")"
}

END {
  for (at = 1; at <= lines; at++) {
    same = 1
    for (run = 1; run <= runs; run++) {
      split_line(line[run, at], run)
      if (count[run] != count[1]) same = 0
      for (i = 1; same && i <= count[1] + 1; i++) if (between[run, i] != between[1, i]) same = 0
    }
    if (!same) {
      for (run = 1; run <= runs; run++) print "run " run ": " line[run, at]
      continue
    }
    text = ""
    for (i = 1; i <= count[1]; i++) text = text between[1, i] middle(i)
    print text between[1, count[1] + 1]
  }
}
