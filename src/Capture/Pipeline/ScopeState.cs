using System.Text.Json;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Pipeline;

/// <summary>The configuration in force, and the moment it changes. Thread-safe.</summary>
internal sealed class ScopeState
{
    private readonly Lock gate = new();
    private EdgeConfiguration? configuration;
    private TaskCompletionSource changed = NewChange();

    /// <summary>The configuration, null while none is known, and a task that ends when another one is in force.</summary>
    public (EdgeConfiguration? Configuration, Task Changed) Current
    {
        get { lock (gate) return (configuration, changed.Task); }
    }

    public void Set(EdgeConfiguration next)
    {
        TaskCompletionSource told;
        lock (gate)
        {
            if (configuration is not null && configuration.Version == next.Version && ContentOf(configuration) == ContentOf(next)) return;
            configuration = next;
            told = changed;
            changed = NewChange();
        }

        told.SetResult();
    }

    // Not the version alone: a cluster that lost its database counts from the beginning again, and may come to the number that is in force here with other scopes.
    private static string ContentOf(EdgeConfiguration configuration) =>
        JsonSerializer.Serialize(configuration with { SealingKeys = [], Nodes = [] }, IntakeJson.Default.EdgeConfiguration);

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
