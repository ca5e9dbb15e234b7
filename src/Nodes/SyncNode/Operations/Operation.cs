using System.Collections.Immutable;
using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations;

/// <summary>One thing that operators can ask or do. Faces only carry requests to it and answers from it.</summary>
public abstract class Operation
{
    /// <summary>What it is called, takes and needs.</summary>
    public abstract CommandDescription Description { get; }

    /// <summary>Palette and name.</summary>
    public string FullName => $"{Description.Palette} {Description.Name}".TrimEnd();

    /// <summary>The least role that may run it.</summary>
    public OperatorRole Role => OperatorRoles.Parse(Description.Role) ?? throw new InvalidOperationException($"Internal error: {FullName} has no role.");

    /// <summary>Whether it runs, and is only logged, where the audit cannot be written: it changes nothing, and it is just then that it is needed. Default: no.</summary>
    public virtual bool RunsUnaudited => false;

    /// <summary>Runs it; the parameters fit the description. Who may, and that it is audited, is seen to by <see cref="OperationsLayer"/>.</summary>
    public abstract Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken);

    /// <summary>An operation that only shows.</summary>
    internal static CommandDescription Show(string palette, string name, string summary, params ImmutableArray<string> examples) =>
        new(palette, name, summary, "viewer", Changes: false, "GET", Streams: false, [], [], examples);

    /// <summary>An operation that changes something.</summary>
    internal static CommandDescription Change(OperatorRole role, string palette, string name, string summary, params ImmutableArray<string> examples) =>
        new(palette, name, summary, role.ToText(), Changes: true, "POST", Streams: false, [], [], examples);
}

/// <summary>How an operation ended. A closed set; what is expected to go wrong is a value.</summary>
public abstract record OperationResult
{
    private OperationResult() { }

    /// <summary>It was done.</summary>
    /// <param name="Answer">What to show.</param>
    /// <param name="Before">For the audit: how it was.</param>
    /// <param name="After">For the audit: how it is.</param>
    public sealed record Answered(Answer Answer, string? Before = null, string? After = null) : OperationResult;

    /// <summary>Rows come until cancelled, or until there are no more.</summary>
    public sealed record Streaming(IAsyncEnumerable<ImmutableArray<object?>> Rows) : OperationResult;

    /// <summary>It was not done.</summary>
    /// <param name="Reason">Why, for programs.</param>
    /// <param name="Detail">Why, and what to change, for people.</param>
    public sealed record Refused(RefusalReason Reason, string Detail) : OperationResult;
}

/// <summary>Why an operation was not done.</summary>
public enum RefusalReason
{
    /// <summary>A parameter is missing, unknown or not of its form.</summary>
    Invalid,

    /// <summary>The operator's role does not reach.</summary>
    Forbidden,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>It cannot be done as things stand.</summary>
    Conflict,

    /// <summary>It cannot be done now; trying again later can help.</summary>
    Unavailable,

    /// <summary>The operator asked too often for what the role does not allow.</summary>
    LockedOut,
}
