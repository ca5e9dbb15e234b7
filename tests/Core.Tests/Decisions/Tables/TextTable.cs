using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace PasswordSync.Core.Tests.Decisions.Tables;

/// <summary>
/// A table kept as aligned text beside the tests: a header line, then a line for each situation; cells between bars. Lines that begin with '#' are remarks.
/// </summary>
internal sealed record TextTable(ImmutableArray<string> Columns, ImmutableSortedDictionary<string, ImmutableArray<string>> Rows)
{
    /// <summary>The names of all tables in a folder of the resources.</summary>
    public static ImmutableArray<string> NamesIn(string folder) =>
    [
        .. from name in typeof(TextTable).Assembly.GetManifestResourceNames()
           where name.StartsWith(folder + "/", StringComparison.Ordinal)
           select name[(folder.Length + 1)..].Replace(".txt", "", StringComparison.Ordinal),
    ];

    public static TextTable Read(string folder, string name)
    {
        using var resource = typeof(TextTable).Assembly.GetManifestResourceStream($"{folder}/{name}.txt")
            ?? throw new InvalidOperationException($"There is no table {folder}/{name}.txt.");
        using var reader = new StreamReader(resource, Encoding.UTF8);
        var lines = reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(Cells).ToList();
        return new TextTable(
            lines[0][1..], lines.Skip(1).ToImmutableSortedDictionary(cells => cells[0], cells => cells[1..], StringComparer.Ordinal));
    }

    /// <summary>A table in the form in which it is kept.</summary>
    public static string Write(IEnumerable<string> columns, IEnumerable<(string Name, IEnumerable<string> Cells)> rows)
    {
        List<List<string>> lines = [["", .. columns], .. rows.Select(row => (List<string>)[row.Name, .. row.Cells])];
        var widths = Enumerable.Range(0, lines[0].Count).Select(column => lines.Max(line => line[column].Length)).ToList();
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            var cells = line.Select((cell, column) => cell.PadRight(widths[column]));
            text.AppendLine(CultureInfo.InvariantCulture, $"{string.Join(" | ", cells).TrimEnd()}");
        }

        return text.ToString();
    }

    private static ImmutableArray<string> Cells(string line) => [.. line.Split('|').Select(cell => cell.Trim())];
}
