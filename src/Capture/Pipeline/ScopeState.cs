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
            if (configuration?.Version == next.Version) return;
            configuration = next;
            told = changed;
            changed = NewChange();
        }

        told.SetResult();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
