using System.Globalization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Operations.Bench;

/// <summary>The people of the bench, by number.</summary>
internal static class People
{
    public const string Cluster = "bench";
    public const string Scope = "staff";
    public const string DomainController = "dc1.corp.example";

    /// <summary>The version of everybody's password at the end of the past.</summary>
    public const uint LastVersion = 2;

    public static readonly SourceId Source = new("corp.example");
    public static readonly Guid InvocationId = new("5b1c0c52-3c5d-4d0e-9a43-2a9c55f0e2d7");

    public static string Login(int person) => string.Create(CultureInfo.InvariantCulture, $"user{person:D6}");

    public static AccountId Account(int person) => new(Source, ObjectGuid(person));

    public static Guid ObjectGuid(int person) => new(person, 0x5053, 0x4f42, [0x80, 1, 2, 3, 4, 5, 6, 7]);

    public static AccountNames Names(int person) =>
        new($"CN={Login(person)},OU=People,DC=corp,DC=example", Login(person), $"{Login(person)}@corp.example", $"{Login(person)}@mail.example");

    /// <summary>A person's password change of the past, as an edge brought it at a time: an earlier one, or the last.</summary>
    public static Change PastChange(int person, bool isLast, DateTimeOffset at) => new(
        new CaptureId(Guid.NewGuid()),
        Account(person),
        new Stamp(0, isLast ? LastVersion : LastVersion - 1, Stamp.ToOriginatingSecond(at), InvocationId),
        Names(person),
        new StageTimes(at, at.AddMilliseconds(2), at.AddMilliseconds(20), at.AddMilliseconds(25)),
        at.AddDays(7));
}
