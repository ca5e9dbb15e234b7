using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>The audit, operators, switched points and the names of domain controllers.</summary>
public abstract class AdministrationConformance : StoreConformance
{
    private static IOperationsStore OperationsOf(IStoreUnderTest subject) => subject.Store.Operations;

    [Fact]
    public async Task Audit_records_are_a_chain_that_survives_a_restart()
    {
        await using var subject = await OpenAsync();
        for (var i = 1; i <= 3; i++) await OperationsOf(subject).Audit.AppendAsync(Entry(i), CancellationToken.None);
        await subject.ReopenAsync(new StoreSettings());
        await OperationsOf(subject).Audit.AppendAsync(Entry(4), CancellationToken.None);

        var records = await OperationsOf(subject).Audit.ReadAsync(0, 10, newest: false, CancellationToken.None);

        records.Select(record => record.Entry).ShouldBe(Enumerable.Range(1, 4).Select(Entry));
        AuditChain.FindBreak(AuditChain.Beginning, 1, records).ShouldBeNull();
        (await OperationsOf(subject).Audit.ReadAsync(1, 2, newest: true, CancellationToken.None)).ShouldBe(records[2..]);
        (await OperationsOf(subject).Audit.ReadAsync(1, 2, newest: false, CancellationToken.None)).ShouldBe(records[1..3]);
    }

    [Fact]
    public async Task The_first_operator_is_added_once_and_names_are_unique()
    {
        await using var subject = await OpenAsync();
        var operators = OperationsOf(subject).Operators;
        var first = new OperatorRow("admin", "administrator", new string('a', 64), Samples.Start);

        (await operators.AddFirstAsync(first, CancellationToken.None)).ShouldBeTrue();
        (await operators.AddFirstAsync(first with { Name = "second", TokenHash = new string('b', 64) }, CancellationToken.None)).ShouldBeFalse();
        (await operators.AddAsync(first with { TokenHash = new string('c', 64) }, CancellationToken.None)).ShouldBeFalse();
        (await operators.ListAsync(CancellationToken.None)).ShouldBe([first]);
        (await operators.RemoveAsync("admin", CancellationToken.None)).ShouldBeTrue();
        (await operators.RemoveAsync("admin", CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_switched_point_stays_so_until_it_is_switched_back()
    {
        await using var subject = await OpenAsync();
        var paused = new PointSwitch(Samples.Mail, IsDisabled: true, "ada", "moves tonight", Samples.Start);
        await OperationsOf(subject).Points.SetAsync(paused with { Reason = null, IsDisabled = false }, CancellationToken.None);
        await OperationsOf(subject).Points.SetAsync(paused, CancellationToken.None);
        await subject.ReopenAsync(new StoreSettings());

        (await OperationsOf(subject).Points.ListAsync(CancellationToken.None)).ShouldBe([paused]);
        (await OperationsOf(subject).Points.ClearAsync(Samples.Mail, CancellationToken.None)).ShouldBeTrue();
        (await OperationsOf(subject).Points.ClearAsync(Samples.Mail, CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_domain_controller_is_known_by_the_name_last_heard()
    {
        await using var subject = await OpenAsync();
        var controllers = OperationsOf(subject).Controllers;
        await controllers.NoteAsync(new ControllerName(Samples.Source, Samples.Controller, "dc1"), CancellationToken.None);
        await controllers.NoteAsync(new ControllerName(Samples.Source, Samples.Controller, "dc2"), CancellationToken.None);

        (await controllers.ListAsync(CancellationToken.None)).ShouldBe([new ControllerName(Samples.Source, Samples.Controller, "dc2")]);
    }

    private static AuditEntry Entry(int number) => new(Samples.Start.AddSeconds(number), "ada", "127.0.0.1", "node-1", "sync point pause", "done", $"point=mail {number}", null, number == 2 ? "" : "paused");
}
