using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Simulation.World;

/// <summary>A domain of several controllers whose users change their passwords, now and then at two controllers at once.</summary>
internal sealed class Domain(EventLine line)
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SourceId Source = new("alpha");

    private readonly Guid[] controllers = [.. Enumerable.Range(1, 3).Select(number => new Guid(number * 0x1000_0001, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8))];
    private readonly Dictionary<int, uint> versions = [];
    private readonly Dictionary<(int User, Guid Controller), uint> made = [];
    private int captures;

    /// <summary>A change of one user's password.</summary>
    public Change Change(int user)
    {
        var known = versions.GetValueOrDefault(user);

        // A controller that has not heard of the last change yet counts from the one before; of its own changes every controller knows.
        var behind = controllers.Where(controller => made.GetValueOrDefault((user, controller)) < known).ToArray();
        var isBehind = behind.Length > 0 && line.Happens(0.2);
        var among = isBehind ? behind : controllers;
        var controller = among[line.Random.Next(among.Length)];
        var version = isBehind ? known : known + 1;
        (versions[user], made[(user, controller)]) = (version, version);
        var now = Begin + line.Now;
        var stamp = new Stamp(0, version, Stamp.ToOriginatingSecond(now), controller);
        var names = new AccountNames($"CN=user{user},DC=alpha,DC=test", $"user{user}", null, null);
        return new Change(new CaptureId(new Guid(++captures, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)), new AccountId(Source, AccountOf(user)), stamp, names, new StageTimes(now, now, now, now), now + TimeSpan.FromDays(3));
    }

    private static Guid AccountOf(int user) => new(user, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}
