using CtSeg.Local.Scaling;

namespace CtSeg.Local.Tests.Scaling;

public sealed class IntakePoolTests
{
    [Fact]
    public void Given_ABurst_When_TakenIn_Then_InstancesAndTimesAreThoseByHand()
    {
        // Ten at second 0, called at 1: three instances of four places, ready at 4, done at 4.3.
        var outcome = new IntakePool().Take([.. Enumerable.Repeat(new SliceArrival(0, StudyKind.Routine), 10)]);

        outcome.MostInstances.ShouldBe(3);
        outcome.Messages.Select(message => message.QueuedAt).ShouldBe(Enumerable.Repeat(4.3, 10), tolerance: 1e-9);
    }

    [Fact]
    public void Given_MoreThanTheMostInstances_When_TakenIn_Then_TheOthersWaitTheirTurn()
    {
        // One instance of four places: rounds of four end at 4.3, 4.6 and 4.9.
        var outcome = (new IntakePool { MaxInstances = 1 }).Take([.. Enumerable.Repeat(new SliceArrival(0, StudyKind.Routine), 10)]);

        outcome.MostInstances.ShouldBe(1);
        outcome.Messages.Select(message => message.QueuedAt).ShouldBe([4.3, 4.3, 4.3, 4.3, 4.6, 4.6, 4.6, 4.6, 4.9, 4.9], tolerance: 1e-9);
    }

    [Fact]
    public void Given_AWarmInstance_When_ASliceComesInTimeAndAnotherTooLate_Then_OnlyTheSecondWaitsForAStart()
    {
        var outcome = new IntakePool().Take([new(0, StudyKind.Routine), new(30, StudyKind.Routine), new(300, StudyKind.Routine)]);

        outcome.Messages.Select(message => message.QueuedAt - message.UploadedAt).ShouldBe([4.3, 1.3, 4.3], tolerance: 1e-9);
        outcome.MostInstances.ShouldBe(1);
    }
}
