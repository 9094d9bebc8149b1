using CtSeg.Models;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.WeightFiles;
using TorchSharp;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>
/// Fits a network to the training groups. The moving average of the weights is the result: on few slices the live weights swing
/// from epoch to epoch. A state saved after an epoch continues bit for bit as if it had not been interrupted.
/// </summary>
internal sealed class Trainer : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly GroupSplit _split;
    private readonly string _dataSha256;
    private readonly TimeProvider _time;
    private readonly Device _device = ComputeDevice.Current;
    private readonly ResidualAttentionUNet _network;
    private readonly AdamW _optimiser;
    private readonly IReadOnlyList<(int UntilEpoch, IViews Views)> _stages;
    private readonly List<(Tensor Image, Tensor Mask)> _slices;
    private readonly List<(int Slice, int View)> _shown;
    private readonly List<EpochRecord> _epochs = [];
    private readonly List<TrainingMachine> _machines = [];

    /// <exception cref="TrainingDataException">The data cannot be split.</exception>
    /// <exception cref="InvalidDataException">The options are not valid.</exception>
    public Trainer(TrainingOptions options, TrainingData data, TimeProvider time, IReadOnlyDictionary<string, Tensor>? firstWeights = null)
        : this(options, GroupSplit.Create(data.Slices, options.HeldOutShare, options.Seed), data.Sha256, time, firstWeights)
    {
    }

    /// <param name="firstWeights">By name, of the same configuration; null for random ones.</param>
    /// <exception cref="InvalidDataException">The options are not valid.</exception>
    /// <exception cref="WeightsFormatException">The first weights belong to another configuration.</exception>
    public Trainer(
        TrainingOptions options, GroupSplit split, string dataSha256, TimeProvider time, IReadOnlyDictionary<string, Tensor>? firstWeights = null)
    {
        options.Validate();
        (_options, _split, _dataSha256, _time) = (options, split, dataSha256, time);
        manual_seed(options.Seed);
        _network = new ResidualAttentionUNet(options.Configuration);
        if (firstWeights is not null)
            StateDictionary.Load(_network, firstWeights);
        if (AttendsFrom > 0)
            _network.SilenceAttention();
        Average = new ResidualAttentionUNet(options.Configuration);
        StateDictionary.Load(Average, StateDictionary.Of(_network));
        Average.eval();
        // Built on the CPU, so that a seed gives the same weights on every device. What moves is new: the optimiser takes it from here.
        _network.to(_device);
        Average.to(_device);
        _optimiser = new AdamW(_network.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter)), options.WeightDecay);
        _stages = [.. EpochCosts.Stages(options).Select(stage => (stage.UntilEpoch, Views.Create(stage.Options)))];
        _shown = Shown(options, _split.Training);
        _slices = [.. _split.Training.Select(slice => ToTensors(slice, options.Configuration.InputSide))];
    }

    /// <summary>The averaged weights, in evaluation mode.</summary>
    public ResidualAttentionUNet Average { get; }

    public GroupSplit Split => _split;

    public TrainingHistory History => new(_options, _dataSha256, HeldOutSlices, [.. _machines], [.. _epochs]);

    public int EpochsDone => _epochs.Count;

    public int StepsPerEpoch => Steps(_shown.Count, _options);

    public TrainingStart Start => new(
        _split, EpochsDone, EpochCosts.Of(_options), StepsPerEpoch, _machines.Any(machine => machine != TrainingMachine.Current));

    /// <param name="slices">Slices to fit.</param>
    public static int StepsOfEpoch(TrainingOptions options, IReadOnlyList<LabelledSlice> slices) => Steps(Shown(options, slices).Count, options);

    /// <summary>Trains one epoch.</summary>
    /// <param name="stepDone">Called after every step with the number of steps done in this epoch.</param>
    /// <exception cref="TrainingDivergedException">The loss or a weight is no longer a number.</exception>
    public EpochRecord RunEpoch(Action<int>? stepDone, CancellationToken cancellationToken)
    {
        var (epoch, started) = (_epochs.Count, _time.GetTimestamp());
        var order = _shown.ToArray();
        new Random(unchecked((_options.Seed * 31) + epoch)).Shuffle(order);
        var (total, steps) = (0.0, 0);
        _network.train();
        _network.ZeroAttention(epoch < AttendsFrom);
        var views = _stages.First(stage => epoch < stage.UntilEpoch).Views;
        foreach (var batch in order.Chunk(_options.BatchSize))
        {
            cancellationToken.ThrowIfCancellationRequested();
            total += Step(batch, views, epoch, steps);
            HeapMemory.FreeForgotten();
            steps++;
            stepDone?.Invoke(steps);
        }
        var done = epoch + 1;
        // The loss of a step tells what the steps before it did to the weights; what the last one did nobody has seen yet.
        if (!AreFinite(StateDictionary.Of(_network), StateDictionary.Of(Average)))
            throw new TrainingDivergedException(done);
        var isScored = _options.ScoreEvery > 0 && _split.HeldOut.Count > 0 && (done % _options.ScoreEvery == 0 || done == _options.Epochs);
        var dice = isScored ? HeldOutDice(cancellationToken) : null;
        var record = new EpochRecord(done, total / steps, LearningRate(epoch, 0), dice, _time.GetElapsedTime(started).TotalSeconds);
        _epochs.Add(record);
        if (!_machines.Contains(TrainingMachine.Current))
            _machines.Add(TrainingMachine.Current);
        return record;
    }

    /// <summary>Scores the averaged weights on the held-out groups.</summary>
    public ModelScores Score(bool zeroAttention, CancellationToken cancellationToken) =>
        Evaluator.Score(Average, _split.HeldOut, zeroAttention, cancellationToken);

    /// <summary>Everything a later process needs to go on.</summary>
    public TrainingCheckpoint Checkpoint() => new(
        History, StateDictionary.Of(_network), StateDictionary.Of(Average), _optimiser.First, _optimiser.Second, _optimiser.Steps);

    /// <exception cref="TrainingDataException">The checkpoint belongs to another run, or its weights are no numbers.</exception>
    /// <exception cref="WeightsFormatException">It is damaged; this trainer may hold a part of it and is of no more use.</exception>
    public void Restore(TrainingCheckpoint checkpoint)
    {
        var differs = checkpoint.History.DataSha256 != _dataSha256 ? "data"
            : TrainingCheckpoint.FindDifference(checkpoint.History.Options, _options) is { } option ? $"options ({option})"
            : !checkpoint.History.HeldOutSlices.SequenceEqual(HeldOutSlices) ? "held-out slices"
            : null;
        if (differs is not null)
            throw new TrainingDataException($"The checkpoint comes from other {differs}: use the same, or start in another folder.");
        if (!AreFinite(checkpoint.Network, checkpoint.Average))
            throw new TrainingDataException("The checkpoint holds weights that are no numbers: start in another folder, with a lower learning rate.");
        StateDictionary.Load(_network, checkpoint.Network);
        StateDictionary.Load(Average, checkpoint.Average);
        foreach (var (own, saved) in new[] { (_optimiser.First, checkpoint.First), (_optimiser.Second, checkpoint.Second) })
        {
            foreach (var (name, moment) in own)
            {
                if (!saved.TryGetValue(name, out var source) || !source.shape.SequenceEqual(moment.shape))
                    throw new WeightsFormatException($"The checkpoint has no moment of '{name}' of this shape.");
                moment.copy_(source);
            }
        }
        _optimiser.Steps.Clear();
        foreach (var (name, steps) in checkpoint.Steps)
            _optimiser.Steps[name] = steps;
        _machines.Clear();
        _machines.AddRange(checkpoint.History.Machines);
        _epochs.Clear();
        _epochs.AddRange(checkpoint.History.Epochs);
    }

    public void Dispose()
    {
        _network.Dispose();
        Average.Dispose();
        _optimiser.Dispose();
        foreach (var (image, mask) in _slices)
        {
            image.Dispose();
            mask.Dispose();
        }
    }

    private int AttendsFrom => EpochCosts.FirstWithAttention(_options);

    private string[] HeldOutSlices => [.. _split.HeldOut.Select(slice => slice.Name)];

    private double Step((int Slice, int View)[] batch, IViews views, int epoch, int step)
    {
        using var scope = NewDisposeScope();
        var seen = batch.Select(shown => views.Apply(_slices[shown.Slice].Image, _slices[shown.Slice].Mask, epoch, shown.Slice, shown.View)).ToList();
        // Drawn and made on the CPU: a seed shows the same views on every device.
        var images = cat([.. seen.Select(view => view.Image)], 0).to(_device);
        var classes = cat([.. seen.Select(view => view.Mask)], 0).to(_device);
        _network.zero_grad();
        var loss = Loss(images, classes);
        var value = loss.item<float>();
        if (!float.IsFinite(value))
            throw new TrainingDivergedException(epoch + 1);
        loss.backward();
        _optimiser.Step(LearningRate(epoch, step));
        UpdateAverage(((long)epoch * StepsPerEpoch) + step);
        return value;
    }

    private static bool AreFinite(params IEnumerable<IReadOnlyDictionary<string, Tensor>> networks)
    {
        using var scope = NewDisposeScope();
        return networks.SelectMany(network => network.Values).All(weights => weights.isfinite().all().item<bool>());
    }

    private Tensor Loss(Tensor images, Tensor classes)
    {
        try
        {
            return SegmentationLoss.Compute(_network.call(images), classes, _options);
        }
        catch (NonFiniteInputException)
        {
            // Attention notices before the loss does.
            return tensor(float.NaN, device: _device);
        }
    }

    private Dictionary<string, double?> HeldOutDice(CancellationToken cancellationToken)
    {
        var matrices = Evaluator.AtMaskSize(Evaluator.Predict(Average, _split.HeldOut, cancellationToken)).Select(slice => slice.Matrix);
        var sum = ConfusionMatrix.Sum(matrices);
        return ForegroundProtocol.Findings.ToDictionary(finding => finding.Name, finding => sum.Dice(finding.Labels));
    }

    private static int Steps(int shown, TrainingOptions options) => (shown + options.BatchSize - 1) / options.BatchSize;

    /// <summary>What an epoch shows.</summary>
    private static List<(int Slice, int View)> Shown(TrainingOptions options, IReadOnlyList<LabelledSlice> slices)
    {
        var views = Views.Create(options).PerSlice;
        return [.. Enumerable.Range(0, slices.Count).SelectMany(slice => Enumerable.Range(0, views).Select(view => (slice, view)))];
    }

    private double LearningRate(int epoch, int step)
    {
        if (!_options.OneCycle)
            return _options.LearningRate;
        var hasOwnCycle = _options.AttendsRate > 0 && AttendsFrom > 0;
        var (first, end, highest) = (hasOwnCycle, epoch < AttendsFrom) switch
        {
            (false, _) => (0, _options.Epochs, _options.LearningRate),
            (true, true) => (0, AttendsFrom, _options.LearningRate),
            (true, false) => (AttendsFrom, _options.Epochs, _options.LearningRate * _options.AttendsRate),
        };
        return LearningRateSchedule.At(((epoch - first) * (long)StepsPerEpoch) + step, (end - first) * (long)StepsPerEpoch, highest);
    }

    private void UpdateAverage(long step)
    {
        using var noGradient = no_grad();
        // Early on the average follows closely, so that the random first weights are forgotten.
        var decay = Math.Min(_options.AverageDecay, (1.0 + step) / (10.0 + step));
        var live = StateDictionary.Of(_network);
        foreach (var (name, average) in StateDictionary.Of(Average))
            average.mul_(Kept(decay)).add_(live[name], alpha: Kept(1 - decay));
    }

    private static (Tensor Image, Tensor Mask) ToTensors(LabelledSlice slice, int? side)
    {
        using var scope = NewDisposeScope();
        var image = InputScaling.ToSide(InputScaling.ToTensor(slice.Image), side);
        var mask = tensor(slice.Mask.Labels, [1, 1, slice.Mask.Height, slice.Mask.Width], ScalarType.Byte).to(ScalarType.Float32);
        return (image.DetachFromDisposeScope(), mask.DetachFromDisposeScope());
    }
}
