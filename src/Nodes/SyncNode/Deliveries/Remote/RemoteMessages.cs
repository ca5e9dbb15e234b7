using System.Text.Json.Serialization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>One step of a delivery that the owner of an identity asks of a node that may reach the target. No password travels: that node opens the envelope itself.</summary>
/// <param name="Format">1; a node refuses what it does not know.</param>
/// <param name="Point">The sync point.</param>
/// <param name="CaptureId">The change.</param>
/// <param name="Account">The account of the source.</param>
internal sealed record RemoteStep(int Format, string Point, Guid CaptureId, RemoteAccount Account)
{
    public const int FormatKnown = 1;

    /// <summary>Where steps are asked for, below a node's address.</summary>
    public const string Path = "node/v1/delivery";

    /// <summary>The most bytes of a step or an answer, as JSON.</summary>
    public const int BytesMax = 64 * 1_024;

    /// <summary>For finding the account: what the source's directory called it.</summary>
    public AccountNames? Names { get; init; }

    /// <summary>For writing and probing: the account in the target.</summary>
    public RemoteTarget? Target { get; init; }

    /// <summary>For probing: what the probe is for.</summary>
    public AttemptKind? Probe { get; init; }

    /// <summary>For writing and probing: the mark to compare with.</summary>
    public string? Mark { get; init; }

    /// <summary>For writing: the permission.</summary>
    public RemoteWrite? Write { get; init; }
}

/// <summary>An account of a source.</summary>
internal sealed record RemoteAccount(string Source, Guid ObjectGuid)
{
    public static RemoteAccount Of(AccountId account) => new(account.Source.Value, account.ObjectGuid);

    /// <exception cref="ArgumentException">The source's name is none.</exception>
    public AccountId ToAccount() => new(new SourceId(Source), ObjectGuid);
}

/// <summary>An account in the target.</summary>
internal sealed record RemoteTarget(string Key, string DisplayName, RemoteAccount? AsSourceAccount)
{
    public static RemoteTarget Of(TargetAccount target) => new(target.Key, target.DisplayName, target.AsSourceAccount is { } account ? RemoteAccount.Of(account) : null);

    /// <exception cref="ArgumentException">The source's name is none.</exception>
    public TargetAccount ToTarget() => new(Key, DisplayName, AsSourceAccount?.ToAccount());
}

/// <summary>The permission to write.</summary>
/// <param name="Ticket">The one that came with the account: the window counts from its making, on the writing node's own clock of elapsed time.</param>
/// <param name="Window">How long the window is. The owner took its beginning after it had the ticket, so the window ends at the writing node no later than at the owner.</param>
/// <param name="MustChangeAtNextLogon">Whether the source wants the user to choose another password at the next logon.</param>
internal sealed record RemoteWrite(Guid Ticket, TimeSpan Window, bool MustChangeAtNextLogon);

/// <summary>What a step came to; exactly one of the parts is there.</summary>
internal sealed record RemoteAnswer
{
    /// <summary>The account was found.</summary>
    public RemoteFinding? Found { get; init; }

    /// <summary>Nothing was written, and why; or how the write ended.</summary>
    public RemoteOutcome? Outcome { get; init; }

    /// <summary>What the probe told.</summary>
    public RemoteProbe? Probe { get; init; }

    /// <summary>For a write: the server that the password was sent to, as <c>host:port</c>; null if that is not told. Travels as a header.</summary>
    [JsonIgnore]
    public string? Server { get; init; }

    /// <summary>For an account that was found and is itself one of a source: the stamp of its password now; null if that is not told. Travels as a header.</summary>
    [JsonIgnore]
    public RemoteStamp? PresentStamp { get; init; }
}

/// <summary>An account in the target.</summary>
/// <param name="Target">The account.</param>
/// <param name="Mark">Its mark; null where the target shows none.</param>
/// <param name="Ticket">To be shown with the write.</param>
internal sealed record RemoteFinding(RemoteTarget Target, string? Mark, Guid Ticket);

/// <summary>What a probe told.</summary>
/// <param name="IsPresent">Whether the target has the password; null if that cannot be told.</param>
/// <param name="Mark">If it is: the mark.</param>
/// <param name="Stamp">If it is, and the target is a source: the stamp of the earlier write.</param>
/// <param name="Reason">If it cannot be told: why.</param>
internal sealed record RemoteProbe(bool? IsPresent, string? Mark, RemoteStamp? Stamp, string? Reason);

/// <summary>A stamp.</summary>
internal sealed record RemoteStamp(int Generation, uint Version, long OriginatingSecond, Guid InvocationId);

/// <summary>An outcome.</summary>
internal sealed record RemoteOutcome(RemoteOutcomeKind Kind, string? Reason, string? Mark, RemoteStamp? Stamp, DateTimeOffset? Until);

/// <summary>The kinds of outcomes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RemoteOutcomeKind>))]
internal enum RemoteOutcomeKind
{
    Delivered,
    AlreadyThere,
    Transient,
    Throttled,
    RefusedByPolicy,
    TargetMisconfigured,
    AccountNotFound,
    Unknown,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RemoteStep))]
[JsonSerializable(typeof(RemoteAnswer))]
[JsonSerializable(typeof(RemoteStamp))]
internal sealed partial class RemoteJson : JsonSerializerContext;
