using System.Text.Json;
using System.Text.Json.Serialization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Processes;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Exec;

/// <summary>What a program's exit codes mean: docs/providers/exec.md. All others say nothing of what was done.</summary>
internal static class ExecExit
{
    public const int Done = 0, NotFound = 10, RefusedByPolicy = 11, Transient = 12, Throttled = 13, Misconfigured = 14, AlreadyThere = 15, Absent = 16;
}

/// <summary>What a program answered.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Reason">What it printed to standard error, redacted, behind the exit code.</param>
/// <param name="Details">What it printed to standard output; null if that is not the JSON object of the documentation.</param>
internal sealed record ExecAnswer(int ExitCode, string Reason, ExecDetails? Details)
{
    /// <summary>The pause after a throttling without <c>retryAfterSeconds</c>.</summary>
    private static readonly TimeSpan PauseByDefault = TimeSpan.FromSeconds(30);

    private const int MarkLengthMax = 256;

    /// <summary>The longest pause that a program can ask for.</summary>
    private static readonly TimeSpan PauseMax = TimeSpan.FromHours(1);

    /// <summary>Longer marks than a journal takes count as none.</summary>
    public TargetMark? Mark => Details?.Mark is { Length: > 0 and <= MarkLengthMax } mark ? new TargetMark(mark) : null;

    public static ExecAnswer Of(ProgramResult.Ended ended, Secret password)
    {
        var said = Redactor.Redact(ended.Error, password);
        return new ExecAnswer(ended.ExitCode, said.Length == 0 ? $"The program ended with {ended.ExitCode}." : $"The program ended with {ended.ExitCode}: {said}", ExecDetails.Parse(ended.Output));
    }

    /// <summary>The exit codes that mean the same whatever was asked; null for the others.</summary>
    public DeliveryOutcome? CommonOutcome(DateTimeOffset now) => ExitCode switch
    {
        ExecExit.NotFound => new DeliveryOutcome.AccountNotFound(Reason),
        ExecExit.Transient => new DeliveryOutcome.Transient(Reason),
        ExecExit.Throttled => new DeliveryOutcome.Throttled(now + Pause, Reason),
        ExecExit.Misconfigured => new DeliveryOutcome.TargetMisconfigured(Reason),
        _ => null,
    };

    private TimeSpan Pause => Details?.RetryAfterSeconds is { } seconds and >= 0
        ? TimeSpan.FromSeconds(Math.Min(seconds, PauseMax.TotalSeconds))
        : PauseByDefault;
}

/// <summary>The JSON object that a program may print.</summary>
internal sealed record ExecDetails(string? Key, string? Name, string? Mark, double? RetryAfterSeconds)
{
    public static ExecDetails? Parse(string output)
    {
        if (string.IsNullOrWhiteSpace(output)) return null;
        try
        {
            return JsonSerializer.Deserialize(output, ExecJson.Default.ExecDetails);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, MaxDepth = 8)]
[JsonSerializable(typeof(ExecDetails))]
internal sealed partial class ExecJson : JsonSerializerContext;
