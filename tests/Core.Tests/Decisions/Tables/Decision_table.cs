using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions.Tables;

/// <summary>
/// What every command leads to in every state that a sync point can be in: the tables are the text files beside this. A new state, command or outcome has no
/// cells there and fails.
/// </summary>
public sealed class Decision_table
{
    private const string Folder = "Decisions";

    public static TheoryData<string, string> Rows() => new(
        from command in CommandVariants.All.Keys
        from situation in Situation.All
        select (command, situation.Name));

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_command_in_every_state_leads_to_what_the_table_says(string command, string situation)
    {
        var table = TextTable.Read(Folder, command);
        var found = CommandVariants.All[command].Select(variant => DecisionText.Of(variant.Decide(Situation.All.Single(s => s.Name == situation))));

        table.Rows.ShouldContainKey(situation, $"The table {command} has no row '{situation}'. All of it as it is now:\n{Show(command)}");
        string.Join(" | ", found).ShouldBe(string.Join(" | ", table.Rows[situation]), $"All of the table as it is now:\n{Show(command)}");
    }

    [Fact]
    public void Every_command_has_a_table_and_every_table_has_the_columns_of_its_command()
    {
        var commands = typeof(IdentityCommand).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(IdentityCommand))).Select(type => type.Name).ToList();

        commands.ShouldNotBeEmpty();
        CommandVariants.All.Keys.ShouldBe(commands, ignoreOrder: true);
        TextTable.NamesIn(Folder).ShouldBe(commands, ignoreOrder: true);
        foreach (var (command, variants) in CommandVariants.All)
        {
            TextTable.Read(Folder, command).Columns.ShouldBe(variants.Select(variant => variant.Name), command);
        }
    }

    [Fact]
    public void No_table_has_a_row_for_a_state_that_does_not_exist()
    {
        foreach (var command in CommandVariants.All.Keys)
        {
            TextTable.Read(Folder, command).Rows.Keys.ShouldBe(Situation.All.Select(situation => situation.Name), ignoreOrder: true, command);
        }
    }

    [Fact]
    public void Every_outcome_reason_refusal_and_end_that_exists_is_reached_by_some_cell()
    {
        var cells = string.Join(' ', CommandVariants.All.Keys.SelectMany(command => TextTable.Read(Folder, command).Rows.Values).SelectMany(row => row));

        foreach (var word in Enum.GetNames<IgnoreReason>().Concat(Enum.GetNames<DecisionRefusal>()).Concat(Enum.GetNames<DeliveryEnd>()).Concat(Enum.GetNames<ParkReason>()))
        {
            cells.ShouldContain(word);
        }

        Some.Outcomes.Keys.ShouldBe(typeof(DeliveryOutcome).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(DeliveryOutcome))).Select(type => type.Name), ignoreOrder: true);
    }

    [Fact]
    public void What_the_tables_decide_fits_the_state_that_it_was_decided_on()
    {
        foreach (var (command, variants) in CommandVariants.All)
        {
            foreach (var (variant, situation) in from variant in variants from situation in Situation.All.Where(IsReachable) select (variant, situation))
            {
                // A variant may have changed the identity around the point, but not the point.
                var decision = variant.Decide(situation);
                Should.NotThrow(() => decision.Events.Aggregate(Around(situation), (state, happened) => state.Apply(happened)), $"{command} ({variant.Name}) in '{situation}'");
            }
        }
    }

    // A point that is leaving gives up what waited behind its attempt.
    private static bool IsReachable(Situation situation) => situation.PointState is not PointState.InFlight { AfterFlight: AfterFlight.Withdraw, Next: not null };

    private static IdentityState Around(Situation situation) => situation.Identity();

    private static string Show(string command) => TextTable.Write(
        CommandVariants.All[command].Select(variant => variant.Name),
        Situation.All.Select(situation => (situation.Name, CommandVariants.All[command].Select(variant => DecisionText.Of(variant.Decide(situation))))));
}
