using System.Collections.Immutable;
using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations;

/// <summary>What an operation answers: tables that any face can show.</summary>
public sealed record Answer(ImmutableArray<Section> Sections)
{
    /// <summary>Whether a question was asked that this answers in the negative: what was looked at is not as it should be. For scripts; people read the rows.</summary>
    public bool IsBadNews { get; init; }

    public static Answer Of(params ImmutableArray<Section> sections) => new(sections);
}

/// <summary>One table.</summary>
/// <param name="Title">Its heading; null for the only one.</param>
/// <param name="Columns">The columns.</param>
/// <param name="Rows">A value for each column: text, whole or broken number, <see cref="DateTimeOffset"/>, <see cref="TimeSpan"/>, <see cref="bool"/> or null.</param>
/// <param name="Noun">What a row is, singular and plural separated by a bar (<c>point|points</c>), for the line of the count; null for a list of facts.</param>
public sealed record Section(string? Title, ImmutableArray<ColumnDescription> Columns, ImmutableArray<ImmutableArray<object?>> Rows, string? Noun)
{
    private static readonly ImmutableArray<ColumnDescription> FactColumns = [Column.Text("what"), Column.Text("value")];

    public static Section Table(string? title, string noun, ImmutableArray<ColumnDescription> columns, IEnumerable<ImmutableArray<object?>> rows) => new(title, columns, [.. rows], noun);

    /// <summary>A text as it is, to be kept in a file; null for a table.</summary>
    public string? Document { get; init; }

    /// <summary>A text for a file, such as a certificate in PEM.</summary>
    public static Section File(string title, string content) => new(title, [], [], null) { Document = content };

    /// <summary>Names and values.</summary>
    public static Section Facts(string? title, params IEnumerable<(string What, object? Value)> facts) =>
        new(title, FactColumns, [.. facts.Select(fact => ImmutableArray.Create(fact.What, fact.Value))], null);
}

/// <summary>Makes columns.</summary>
internal static class Column
{
    public static ColumnDescription Text(string name, string? title = null) => new(name, title ?? name, "text");

    public static ColumnDescription Number(string name, string? title = null) => new(name, title ?? name, "number");

    public static ColumnDescription Time(string name, string? title = null) => new(name, title ?? name, "time");

    public static ColumnDescription Duration(string name, string? title = null) => new(name, title ?? name, "duration");

    public static ColumnDescription Flag(string name, string? title = null) => new(name, title ?? name, "flag");

    /// <summary>Makes a row.</summary>
    public static ImmutableArray<object?> Row(params ImmutableArray<object?> values) => values;
}
