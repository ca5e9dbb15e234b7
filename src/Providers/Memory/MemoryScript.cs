using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.Memory;

/// <summary>Where in the work of a memory provider a script is asked.</summary>
public enum MemoryStep
{
    /// <summary>Before an account is looked for. An outcome becomes the obstacle.</summary>
    Prepare,

    /// <summary>Before the write permit is used. An outcome is answered and nothing is written.</summary>
    BeforeWrite,

    /// <summary>After the permit was used and before the write. An outcome is answered and nothing is written; an exception here is one that may have written.</summary>
    Writing,

    /// <summary>After the write. An outcome is answered in place of success.</summary>
    AfterWrite,

    /// <summary>Before a probe. An outcome makes it inconclusive.</summary>
    Probe,

    /// <summary>Before a verification. An outcome makes it fail.</summary>
    Verify,
}

/// <summary>One place in the work of a memory provider.</summary>
/// <param name="Step">Where.</param>
/// <param name="Account">The login looked for, or the display name of the target account; empty for <see cref="MemoryStep.Verify"/>.</param>
/// <param name="CaptureId">The change; null where there is none.</param>
public sealed record MemoryCall(MemoryStep Step, string Account, CaptureId? CaptureId);

/// <summary>
/// Decides what happens at each place: return null to go on, an outcome to answer it, wait to be slow, throw to be broken. The token is the
/// call's own; a silent target waits on it.
/// </summary>
public delegate Task<DeliveryOutcome?> MemoryScript(MemoryCall call, CancellationToken cancellationToken);
