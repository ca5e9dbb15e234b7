using System.Collections.Immutable;

namespace PasswordSync.SyncNode.Enrolment;

/// <summary>What a node keeps of a registration key that it gave out. Nothing of it opens anything. Written once: no node ever writes it again, so that it stays deleted where somebody deletes it.</summary>
/// <param name="Source">The source whose edges it enrols.</param>
/// <param name="Uses">How many.</param>
/// <param name="MadeAt">When it was made.</param>
/// <param name="MadeBy">The account of the operating system that made it.</param>
/// <param name="EndsAt">Until when it may be used.</param>
public sealed record RegistrationRecord(string Source, int Uses, DateTimeOffset MadeAt, string MadeBy, DateTimeOffset EndsAt);

/// <summary>By whom a registration key was used, in a file of its own beside its record.</summary>
/// <param name="Used">In their order.</param>
public sealed record RegistrationUses(ImmutableArray<RegistrationUse> Used);

/// <summary>One edge that was enrolled.</summary>
/// <param name="DomainController">Its DC's host name.</param>
/// <param name="PublicKey">SHA-256 of its public key: the same edge may ask again, since it may not have kept the answer.</param>
/// <param name="At">When it first asked.</param>
public sealed record RegistrationUse(string DomainController, string PublicKey, DateTimeOffset At);
