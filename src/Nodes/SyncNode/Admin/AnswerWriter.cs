using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>Answers as JSON: an object of sections, each with its columns and rows; a row is an object with the columns' names as keys.</summary>
internal static class AnswerWriter
{
    public static void Write(Utf8JsonWriter writer, Answer answer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("sections");
        foreach (var section in answer.Sections) Write(writer, section);
        writer.WriteEndArray();
        if (answer.IsBadNews) writer.WriteBoolean("badNews", true);
        writer.WriteEndObject();
    }

    /// <summary>The keys of rows, to be made once for many rows.</summary>
    public static ImmutableArray<JsonEncodedText> Encode(ImmutableArray<ColumnDescription> columns) => [.. columns.Select(column => JsonEncodedText.Encode(column.Name))];

    public static void WriteRow(Utf8JsonWriter writer, ImmutableArray<JsonEncodedText> names, ImmutableArray<object?> row)
    {
        writer.WriteStartObject();
        for (var i = 0; i < names.Length; i++)
        {
            writer.WritePropertyName(names[i]);
            WriteValue(writer, row[i]);
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Section section)
    {
        writer.WriteStartObject();
        if (section.Title is { } title) writer.WriteString("title", title);
        if (section.Noun is { } noun) writer.WriteString("noun", noun);
        if (section.Document is { } document) writer.WriteString("document", document);
        writer.WriteStartArray("columns");
        foreach (var column in section.Columns)
        {
            writer.WriteStartObject();
            writer.WriteString("name", column.Name);
            writer.WriteString("title", column.Title);
            writer.WriteString("kind", column.Kind);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("rows");
        var names = Encode(section.Columns);
        foreach (var row in section.Rows) WriteRow(writer, names, row);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case int number: writer.WriteNumberValue(number); break;
            case long number: writer.WriteNumberValue(number); break;
            case double number: writer.WriteNumberValue(Math.Round(number, 6)); break;
            case DateTimeOffset time: WriteTime(writer, time); break;
            case TimeSpan duration: writer.WriteNumberValue(Math.Round(duration.TotalSeconds, 6)); break;
            default: throw new InvalidOperationException($"Internal error: a row holds a {value.GetType().Name}.");
        }
    }

    private static void WriteTime(Utf8JsonWriter writer, DateTimeOffset time)
    {
        Span<byte> text = stackalloc byte["yyyy-MM-ddTHH:mm:ss.fffZ".Length];
        time.UtcDateTime.TryFormat(text, out var written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..written]);
    }
}
