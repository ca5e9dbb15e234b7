using PasswordSync.Core.Identities;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Identities;

public sealed class Shards_of_identities
{
    [Fact]
    public void The_shard_is_the_hash_of_the_bytes_in_network_order()
    {
        var id = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var hash = 2166136261ul;
        foreach (var value in Convert.FromHexString("00112233445566778899AABBCCDDEEFF")) hash = (hash ^ value) * 16777619ul % (1ul << 32);

        new IdentityId(id).Shard(256).ShouldBe((int)(hash % 256));
        new IdentityId(id).Shard(1).ShouldBe(0);
    }

    [Fact]
    public void Identities_spread_evenly_over_the_shards()
    {
        const int perShard = 200;
        var random = new Random(20260301);
        var counts = new int[256];
        var bytes = new byte[16];
        for (var identity = 0; identity < perShard * counts.Length; identity++)
        {
            random.NextBytes(bytes);
            counts[new IdentityId(new Guid(bytes)).Shard(counts.Length)]++;
        }

        // Six standard deviations: by chance once in many millions of runs, and the seed is fixed.
        var bound = 6 * Math.Sqrt(perShard);
        counts.Min().ShouldBeGreaterThan((int)(perShard - bound));
        counts.Max().ShouldBeLessThan((int)(perShard + bound));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void There_is_no_shard_of_none(int count) => Should.Throw<ArgumentOutOfRangeException>(() => new IdentityId(Guid.Empty).Shard(count));
}
