using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Identities;

namespace PasswordSync.Capture.Pipeline;

/// <summary>How the edge works off its captures.</summary>
public sealed record EdgePipelineOptions
{
    /// <summary>The source that the edge serves.</summary>
    public required SourceId Source { get; init; }

    /// <summary>What the stamp proof relies on.</summary>
    public required ProofRules Rules { get; init; }

    /// <summary>How many accounts are looked at at once. Default 16; more only make the DC slower.</summary>
    public int LooksAtOnce { get; init; } = 16;

    /// <summary>How many accounts' scopes are evaluated at once. Default 16.</summary>
    public int MatchesAtOnce { get; init; } = 16;

    /// <summary>How many captures with their envelopes wait for a node at once; the others wait in the spool alone. Default 4,096.</summary>
    public int SendsAtOnce { get; init; } = 4_096;

    /// <summary>How long after the directory did not answer it is asked again. Default 1 s.</summary>
    public TimeSpan DirectoryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an account waits whose look ended with an error of the program. Default 1 min.</summary>
    public TimeSpan BrokenPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long nothing may be answered, while captures wait, before an alarm is raised. Default 30 s.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the bounds are looked after. Default 1 s.</summary>
    public TimeSpan CareInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many names of accounts are kept in mind for those that are renamed. Default 100,000.</summary>
    public int NamesMax { get; init; } = 100_000;
}
