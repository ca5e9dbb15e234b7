using System.Collections.Concurrent;

namespace PasswordSync.Lab;

/// <summary>The users of the emulated tenant. The time of a password has whole seconds and, so that tests need not wait, moves on by one with each.</summary>
public sealed class GraphDirectory(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, GraphUser> _users = new();
    private readonly Lock _gate = new();
    private DateTimeOffset _last = DateTimeOffset.UnixEpoch;

    public GraphUser Add(GraphUser user, string password)
    {
        _users[user.Id] = user with { Password = password, LastPasswordChange = NextSecond() };
        return _users[user.Id];
    }

    public void Remove(Guid id) => _users.TryRemove(id, out _);

    /// <summary>Sets a password as the user would.</summary>
    public void Set(Guid id, string password, bool mustChange) => _users[id] = _users[id] with { Password = password, MustChange = mustChange, LastPasswordChange = NextSecond() };

    /// <summary>The user of this id or sign-in name.</summary>
    public GraphUser? Find(string key) =>
        Guid.TryParse(key, out var id) ? _users.GetValueOrDefault(id) : _users.Values.FirstOrDefault(user => user.UserPrincipalName.Equals(key, StringComparison.OrdinalIgnoreCase));

    internal IReadOnlyList<GraphUser> Find(string property, string value) =>
    [
        .. _users.Values.Where(user => property switch
        {
            "onPremisesImmutableId" => user.ImmutableId == value,
            "userPrincipalName" => user.UserPrincipalName.Equals(value, StringComparison.OrdinalIgnoreCase),
            "mail" => value.Equals(user.Mail, StringComparison.OrdinalIgnoreCase),
            _ => false,
        }),
    ];

    internal int Count => _users.Count;

    internal IReadOnlyList<GraphUser> All => [.. _users.Values];

    private DateTimeOffset NextSecond()
    {
        lock (_gate)
        {
            var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
            _last = now > _last ? now : _last.AddSeconds(1);
            return _last;
        }
    }
}
