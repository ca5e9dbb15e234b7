using System.Collections.Immutable;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.Nodes.Tests.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Enrolment;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Enrolment;

/// <summary>The records of registration keys in a folder, without a node around them.</summary>
public sealed class Registration_keys_tests : IDisposable
{
    private readonly CertificateFixture fixture = new();
    private readonly RegistrationKeys keys;
    private ClusterAuthority? authority;

    public Registration_keys_tests() => keys = new RegistrationKeys(fixture.Folder, fixture.Clock);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_use_leaves_the_record_as_it_was_so_that_whoever_deletes_it_meanwhile_is_not_undone()
    {
        var key = await MakeAsync(uses: 2);
        var record = keys.RecordOf(key.Id);
        var (before, writtenAt) = (await File.ReadAllTextAsync(record, Token), File.GetLastWriteTimeUtc(record));

        var (used, refusal) = await TakeAsync(key, "dc1.alpha.test");

        refusal.ShouldBeNull();
        used.ShouldHaveSingleItem().DomainController.ShouldBe("dc1.alpha.test");
        (await File.ReadAllTextAsync(record, Token)).ShouldBe(before);
        File.GetLastWriteTimeUtc(record).ShouldBe(writtenAt);
        (await TakeAsync(key, "dc1.alpha.test")).Used.Length.ShouldBe(1, "the same edge asks again");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_key_that_is_withdrawn_while_edges_use_it_stays_withdrawn()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = await MakeAsync(uses: RegistrationKeys.UsesMax);
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var edges = Enumerable.Range(0, 4).Select(async edge =>
            {
                for (var use = 0; ; use++)
                {
                    var (_, refusal) = await TakeAsync(key, $"dc{edge}-{use}.alpha.test");
                    if (refusal?.Contains("withdrawn") == true) return;
                    started.TrySetResult();
                    if (refusal is not null) await Task.Yield();
                }
            }).ToArray();
            await started.Task.WaitAsync(Token);

            File.Delete(keys.RecordOf(key.Id));

            await Task.WhenAll(edges);
            File.Exists(keys.RecordOf(key.Id)).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Records_that_cannot_be_looked_at_are_not_called_unknown()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has rights of another kind.");
        var key = await MakeAsync(uses: 1);
        var folder = Path.GetDirectoryName(keys.RecordOf(key.Id))!;
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            // No mode keeps root out, a link to itself does.
            Directory.Delete(folder, recursive: true);
            File.CreateSymbolicLink(folder, folder);
            (await Should.ThrowAsync<IOException>(() => TakeAsync(key, "dc1.alpha.test"))).Message.ShouldContain(keys.RecordOf(key.Id));
            File.Delete(folder);
        }
        else
        {
            File.SetUnixFileMode(folder, UnixFileMode.None);
            (await Should.ThrowAsync<UnauthorizedAccessException>(() => TakeAsync(key, "dc1.alpha.test"))).Message.ShouldContain($"Give {folder} and all in it to the node's account");
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task Uses_without_a_record_open_nothing_and_go_with_the_next_key()
    {
        var key = await MakeAsync(uses: 2);
        await TakeAsync(key, "dc1.alpha.test");
        var uses = Path.ChangeExtension(keys.RecordOf(key.Id), ".used");
        File.Delete(keys.RecordOf(key.Id));

        (await TakeAsync(key, "dc1.alpha.test")).Refusal.ShouldNotBeNull().ShouldContain("withdrawn");
        File.Exists(uses).ShouldBeTrue();
        var next = await MakeAsync(uses: 1);

        File.Exists(uses).ShouldBeFalse();
        (await TakeAsync(next, "dc1.alpha.test")).Refusal.ShouldBeNull();
    }

    public void Dispose()
    {
        authority?.Dispose();
        keys.Dispose();
        fixture.Dispose();
    }

    private async Task<RegistrationFile> MakeAsync(int uses)
    {
        authority ??= await fixture.OpenAuthorityElsewhereAsync(Token);
        return await keys.MakeAsync(authority, TestNode.Cluster, TestNode.Source, uses, TimeSpan.FromHours(1), [], Token);
    }

    private async Task<(ImmutableArray<RegistrationUse> Used, string? Refusal)> TakeAsync(RegistrationFile key, string controller)
    {
        var (_, used, refusal) = await keys.TakeAsync(new PeerName.Registration(TestNode.Cluster, TestNode.Source, key.Id), controller, "a public key", fixture.Clock.GetUtcNow(), Token);
        return (used, refusal);
    }
}
