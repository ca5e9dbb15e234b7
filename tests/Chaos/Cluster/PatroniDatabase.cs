using System.Collections.Immutable;
using PasswordSync.Lab;

namespace PasswordSync.Chaos.Cluster;

/// <summary>Two database machines that fail over by themselves.</summary>
internal sealed class PatroniDatabase(PatroniPair pair) : IChaosDatabase
{
    public ImmutableArray<int> Ports => [.. pair.Members.Select(member => member.Port)];

    public ValueTask DisposeAsync() => pair.DisposeAsync();
}
