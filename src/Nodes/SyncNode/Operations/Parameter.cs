using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations;

/// <summary>Parameters that several operations have.</summary>
internal static class Parameter
{
    /// <summary>How many rows are shown at most, whatever is asked for.</summary>
    public const int RowsMax = 10_000;

    public static ParameterDescription Limit { get; } = new("limit", "-l", "number", $"How many rows at most, up to {RowsMax}.", Required: false, Repeatable: false, Positional: false, "100");

    public static ParameterDescription Number { get; } = new("number", "-n", "number", "End after so many rows.", Required: false, Repeatable: false, Positional: false, null);

    public static ParameterDescription User { get; } = Place("user", "Who: login name, UPN, mail address, DN, objectGUID, identity or capture id.");

    public static ParameterDescription Point { get; } = Place("point", "The sync point's name.");

    public static ParameterDescription OnlyPoint { get; } = new("point", "-p", "text", "Only this sync point.", Required: false, Repeatable: false, Positional: false, null);

    public static ParameterDescription Node { get; } = Option("address", "a", "The node: its name, or its address as 'cluster show' has it.");

    /// <summary>A text that must be given and may stand without its switch.</summary>
    public static ParameterDescription Place(string name, string summary) => new(name, $"-{name[0]}", "text", summary, Required: true, Repeatable: false, Positional: true, null);

    /// <summary>A text that may be given.</summary>
    public static ParameterDescription Option(string name, string? letter, string summary, string? standard = null) =>
        new(name, letter is null ? null : $"-{letter}", "text", summary, Required: false, Repeatable: false, Positional: false, standard);

    public static ParameterDescription Duration(string name, string letter, string summary, string? standard) =>
        new(name, $"-{letter}", "duration", summary, Required: false, Repeatable: false, Positional: false, standard);

    public static int Rows(this OperationCall call) => Math.Min(call.Number("limit"), RowsMax);
}
