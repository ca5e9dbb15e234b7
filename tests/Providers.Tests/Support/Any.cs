using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Tests.Support;

/// <summary>Values that tests need and that do not matter to them.</summary>
internal static class Any
{
    /// <summary>Long enough that a busy machine does not end a test that is not about time.</summary>
    public static readonly TimeSpan LongTime = TimeSpan.FromMinutes(2);

    public static CaptureId CaptureId() => new(Guid.NewGuid());

    public static AccountNames Names(string login) => new($"CN={login},OU=People,DC=alpha,DC=test", login, $"{login}@alpha.test", $"{login}@example.test");

    public static TargetQuery Query(AccountNames names) => new(CaptureId(), new AccountId(new SourceId("alpha"), Guid.NewGuid()), names);

    public static TargetQuery Query(string login) => Query(Names(login));

    public static Secret Secret(string text) => Core.Secrets.Secret.FromCharacters(text);

    public static TargetAccount Target(string login) => new(login, login, AsSourceAccount: null);

    public static ProviderContext Context(TimeProvider time, ILoggerFactory? loggers = null) => new(
        new SyncPointId("test-point"), time, loggers ?? NullLoggerFactory.Instance,
        new SecretReferences(NodeAllowList.Everything), NodeAllowList.Everything, _ => 7);

    public static SetRequest Set(TargetAccount target, TargetMark? baseline, TimeProvider time) =>
        new(target, baseline, CaptureId(), MustChangeAtNextLogon: false, new WritePermit(time.GetUtcNow() + LongTime, time));

    public static Attempt Attempt(TargetAccount target, TimeProvider time, TimeSpan lifetime) => new(
        Guid.NewGuid(), AttemptKind.Write, time.GetUtcNow(), time.GetUtcNow() + lifetime, target, Baseline: null, ProbeAgainst: null, ProbeFirst: false);
}
