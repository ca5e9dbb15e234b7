using System.Collections.Immutable;
using System.Text;

namespace PasswordSync.Pbm;

/// <summary>Reads a line key by key: arrows, Home and End, history with up and down, completion with Tab, Ctrl-C for an empty line. Nothing is kept beyond the run.</summary>
internal sealed class LineEditor(TextWriter output, Func<ConsoleKeyInfo> readKey, Func<ImmutableArray<string>, string, IEnumerable<string>> complete)
{
    /// <summary>How many lines are remembered.</summary>
    public const int HistoryMax = 500;

    private readonly List<string> history = [];
    private readonly StringBuilder typed = new();
    private int cursor;
    private int shown;

    /// <summary>The line; null at its end (Ctrl-D).</summary>
    public string? Read(string question)
    {
        Begin();
        while (true)
        {
            Draw(question);
            var key = readKey();
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    output.WriteLine();
                    return Remember(typed.ToString());
                case ConsoleKey.C when Terminal.IsInterrupt(key):
                    output.WriteLine("^C");
                    Begin();
                    break;
                case ConsoleKey.D when key.Modifiers == ConsoleModifiers.Control && typed.Length == 0:
                    output.WriteLine();
                    return null;
                case ConsoleKey.U when key.Modifiers == ConsoleModifiers.Control:
                    Replace("");
                    break;
                case ConsoleKey.LeftArrow: cursor = Math.Max(0, cursor - 1); break;
                case ConsoleKey.RightArrow: cursor = Math.Min(typed.Length, cursor + 1); break;
                case ConsoleKey.Home: cursor = 0; break;
                case ConsoleKey.End: cursor = typed.Length; break;
                case ConsoleKey.Backspace when cursor > 0: typed.Remove(--cursor, 1); break;
                case ConsoleKey.Delete when cursor < typed.Length: typed.Remove(cursor, 1); break;
                case ConsoleKey.UpArrow: Recall(shown - 1); break;
                case ConsoleKey.DownArrow: Recall(shown + 1); break;
                case ConsoleKey.Tab: Complete(); break;
                default:
                    if (!char.IsControl(key.KeyChar)) typed.Insert(cursor++, key.KeyChar);
                    break;
            }
        }
    }

    private void Begin()
    {
        typed.Clear();
        (cursor, shown) = (0, history.Count);
    }

    private void Draw(string question)
    {
        // Back to the start of the line, the line anew, the rest cleared, the cursor to its place.
        output.Write($"\r{question}{typed}\u001b[K");
        if (cursor < typed.Length) output.Write($"\u001b[{typed.Length - cursor}D");
        output.Flush();
    }

    private string Remember(string line)
    {
        if (line.Length > 0 && (history.Count == 0 || history[^1] != line)) history.Add(line);
        if (history.Count > HistoryMax) history.RemoveAt(0);
        return line;
    }

    private void Recall(int place)
    {
        if (place < 0 || place > history.Count) return;
        shown = place;
        Replace(place == history.Count ? "" : history[place]);
    }

    private void Replace(string text)
    {
        typed.Clear().Append(text);
        cursor = text.Length;
    }

    private void Complete()
    {
        var left = typed.ToString(0, cursor);
        var words = CommandLine.Split(left);
        var (before, begun) = left.Length == 0 || char.IsWhiteSpace(left[^1]) ? (words, "") : (words[..^1], words[^1]);
        var found = complete(before, begun).ToList();
        if (found.Count == 0) return;
        var common = found.Aggregate((one, other) => one[..one.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count()]);
        if (common.Length > begun.Length || found.Count == 1)
        {
            var addition = common[Math.Min(begun.Length, common.Length)..] + (found.Count == 1 ? " " : "");
            typed.Insert(cursor, addition);
            cursor += addition.Length;
            return;
        }

        output.WriteLine();
        output.WriteLine(Rendering.Clean(string.Join("  ", found)));
    }
}
