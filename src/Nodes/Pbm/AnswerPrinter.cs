using System.Text.Json;

namespace PasswordSync.Pbm;

/// <summary>Writes answers: one line a row, the last line a count.</summary>
internal sealed class AnswerPrinter(TextWriter output, OutputFormat format, bool withHeadings)
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Writes a whole answer.</summary>
    public void Print(JsonElement answer)
    {
        if (format == OutputFormat.Json)
        {
            PrintJson(answer, Indented);
            return;
        }

        var first = true;
        foreach (var section in answer.GetProperty("sections").EnumerateArray())
        {
            if (section.TryGetProperty("document", out var document))
            {
                // As it is, so that it can go into a file: line by line, without what steers a terminal.
                foreach (var line in document.GetString()!.TrimEnd('\n').Split('\n')) output.WriteLine(Rendering.Clean(line.TrimEnd('\r')));
                continue;
            }

            if (!first && format == OutputFormat.Text) output.WriteLine();
            first = false;
            if (format == OutputFormat.Text) PrintText(section);
            else PrintCsv(section);
        }
    }

    /// <summary>Writes the heading of a stream.</summary>
    public void PrintHeading(IReadOnlyList<AnswerColumn> columns)
    {
        if (format == OutputFormat.Csv) output.WriteLine(string.Join(',', columns.Select(column => Rendering.CsvField(column.Name))));
        else if (format == OutputFormat.Text && withHeadings) output.WriteLine(string.Join(" | ", columns.Select(column => Rendering.Clean(column.Title))));
    }

    /// <summary>Writes one row of a stream.</summary>
    public void PrintRow(IReadOnlyList<AnswerColumn> columns, JsonElement row)
    {
        switch (format)
        {
            case OutputFormat.Json:
                PrintJson(row, default);
                break;
            case OutputFormat.Csv:
                output.WriteLine(string.Join(',', columns.Select(column => Rendering.CsvField(Rendering.Plain(ValueOf(row, column))))));
                break;
            default:
                output.WriteLine(string.Join(" | ", columns.Select(column => Rendering.Show(ValueOf(row, column), column.Kind))));
                break;
        }
    }

    /// <summary>Writes the last line of a stream.</summary>
    public void PrintCount(int count)
    {
        if (format == OutputFormat.Text) output.WriteLine($"Count: {count} {(count == 1 ? "row" : "rows")}");
    }

    private void PrintText(JsonElement section)
    {
        var columns = ColumnsOf(section);
        var rows = section.GetProperty("rows").EnumerateArray().Select(row => columns.Select(column => Rendering.Show(ValueOf(row, column), column.Kind)).ToArray()).ToList();
        if (section.TryGetProperty("title", out var title)) output.WriteLine($"{Rendering.Clean(title.GetString()!)}:");
        if (!section.TryGetProperty("noun", out var noun))
        {
            foreach (var fact in rows) output.WriteLine($"{fact[0]}: {fact[1]}");
            return;
        }

        if (withHeadings && rows.Count > 0) rows.Insert(0, [.. columns.Select(column => Rendering.Clean(column.Title))]);
        var widths = columns.Select((_, i) => rows.Max(row => (int?)row[i].Length) ?? 0).ToArray();
        foreach (var row in rows) output.WriteLine(string.Join(" | ", row.Select((value, i) => i == row.Length - 1 ? value : value.PadRight(widths[i]))));
        var count = section.GetProperty("rows").GetArrayLength();
        output.WriteLine($"Count: {count} {NounFor(Rendering.Clean(noun.GetString()!), count)}");
    }

    private void PrintCsv(JsonElement section)
    {
        var columns = ColumnsOf(section);
        PrintHeading(columns);
        foreach (var row in section.GetProperty("rows").EnumerateArray()) PrintRow(columns, row);
    }

    // Written anew, never as it came: the writer escapes whatever would steer a terminal.
    private void PrintJson(JsonElement value, JsonWriterOptions options)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options)) value.WriteTo(writer);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    private static JsonElement ValueOf(JsonElement row, AnswerColumn column) => row.TryGetProperty(column.Name, out var value) ? value : default;

    private static List<AnswerColumn> ColumnsOf(JsonElement section) =>
        [.. section.GetProperty("columns").EnumerateArray().Select(column => new AnswerColumn(column.GetProperty("name").GetString()!, column.GetProperty("title").GetString()!, column.GetProperty("kind").GetString()!))];

    private static string NounFor(string noun, int count) => noun.Split('|') is [var one, var many] ? count == 1 ? one : many : noun;
}

/// <summary>A column of an answer.</summary>
internal sealed record AnswerColumn(string Name, string Title, string Kind);
