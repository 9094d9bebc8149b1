using System.Text.Json.Serialization;
using CtSeg.Models;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Attention;

namespace CtSeg.TrainingJob.Training;

/// <summary>
/// What decides a training run; two runs with equal options and data end with equal weights. The defaults are plain; recipes differ from them.
/// </summary>
internal sealed record TrainingOptions
{
    /// <summary>Our own, see docs/results/experiments.md.</summary>
    public const string BestRecipe = "best";

    /// <summary>That of arXiv:2004.05645, section III; the batch size is not said there.</summary>
    public const string PaperRecipe = "paper";

    /// <summary>For a training that goes on from a model: fewer and gentler epochs of the best one, see docs/results/experiments.md, "A retraining".</summary>
    public const string FineTuneRecipe = "fine-tune";

    public ModelConfiguration Configuration { get; init; } = new();

    /// <summary>What the network is shown of a slice: a name of <see cref="Training.Views"/>.</summary>
    public string Views { get; init; } = Training.Views.Varied;

    /// <summary>Of the views <see cref="Training.Views.Varied"/>.</summary>
    public Variation Variation { get; init; } = new();

    /// <summary>Which soft Dice loss is added to the cross entropy: a name of <see cref="DiceTerms"/>.</summary>
    public string Dice { get; init; } = DiceTerms.Classes;

    /// <summary>Weights of the four classes in the cross entropy; null for equal ones.</summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>Lets the learning rate rise and fall; it stays as it is otherwise.</summary>
    public bool OneCycle { get; init; } = true;

    public int Epochs { get; init; } = 60;

    /// <summary>Side of the crops, pixels of the network's input; a multiple of 16 wastes nothing.</summary>
    public int InputSize { get; init; } = 224;

    public int BatchSize { get; init; } = 4;

    /// <summary>Smaller sizes of the first epochs, in order: most is learnt from small pictures in less time. Empty for none.</summary>
    public IReadOnlyList<TrainingStage> Stages { get; init; } = [];

    /// <summary>Share of the epochs after which the attention joins, with nothing to say at first (its output projection starts at zero); 0 for an ordinary start.</summary>
    public double AttendsFrom { get; init; }

    /// <summary>The highest of the schedule.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>The epochs with attention that joins later get a cycle of their own, whose highest rate is this share of the other's; 0 for one cycle over all.</summary>
    public double AttendsRate { get; init; }

    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Of the exponential moving average of the weights, per step; 0 for the weights themselves.</summary>
    public double AverageDecay { get; init; } = 0.99;

    /// <summary>Share of the slices whose groups are held out; 0 to train on all.</summary>
    public double HeldOutShare { get; init; } = 0.25;

    /// <summary>Decides first weights, split, order and augmentation.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>SHA-256 of the weights of the model that it goes on from; null for random first weights. No recipe names a model.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StartsFrom { get; init; }

    /// <summary>Optimiser steps of the network that checks inputs; 0 for a model that cannot tell what it was made for.</summary>
    public int InputCheckSteps { get; init; } = 1200;

    /// <summary>The held-out groups are scored every so many epochs and after the last, for the curve only; 0 for never.</summary>
    public int ScoreEvery { get; init; } = 10;

    /// <summary>
    /// The same training at another size or with other views. Whoever is trained on whole slices also predicts them at that size; crops leave the side of
    /// the input as it is, or keep both equal.
    /// </summary>
    public TrainingOptions For(string views, int inputSize)
    {
        var side = views == Training.Views.Varied && Configuration.InputSide != InputSize ? Configuration.InputSide : inputSize;
        return this with
        {
            Views = views,
            InputSize = inputSize,
            Configuration = AttentionChoice.Decide(Configuration with { InputSide = side == SlicePreprocessor.Side ? null : side }, inputSize),
        };
    }

    /// <summary>The same training of a network like a model's, from random weights.</summary>
    public TrainingOptions Like(ModelManifest model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return this with { Configuration = model.Configuration, InputSize = model.Configuration.InputSide ?? InputSize };
    }

    /// <summary>The same training from a model's weights, which fit no other configuration and size.</summary>
    public TrainingOptions From(ModelManifest model) => Like(model) with { StartsFrom = model.WeightsSha256 };

    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void Validate()
    {
        Configuration.Validate();
        Variation.Validate();
        Require(Training.Views.All.Contains(Views), $"the views are '{Views}', not one of {string.Join(", ", Training.Views.All)}");
        Require(Epochs >= 1, $"epochs are {Epochs}, not at least 1");
        Require(InputSize is >= TrainingStage.Smallest and <= 2048, $"the input size is {InputSize}, not {TrainingStage.Smallest} to 2048");
        Require(BatchSize is >= 1 and <= 1024, $"the batch size is {BatchSize}, not 1 to 1024");
        Require(LearningRate is > 0 and < 10, $"the learning rate is {LearningRate}, not between 0 and 10");
        Require(WeightDecay is >= 0 and < 10, $"the weight decay is {WeightDecay}, not from 0 to below 10");
        Require(AverageDecay is >= 0 and < 1, $"the decay of the average is {AverageDecay}, not from 0 to below 1");
        Require(DiceTerms.All.Contains(Dice), $"the Dice loss is '{Dice}', not one of {string.Join(", ", DiceTerms.All)}");
        foreach (var stage in Stages)
            stage.Validate();
        Require(Stages.Zip(Stages.Skip(1)).All(pair => pair.First.Until < pair.Second.Until), "the stages do not follow each other");
        Require(AttendsFrom is >= 0 and < 1, $"the share of epochs before the attention joins is {AttendsFrom}, not from 0 to below 1");
        Require(StartsFrom is null || AttendsFrom == 0, "attention that joins late begins with nothing to say, and a model to go on from has attention that learnt; take the recipe "
            + $"{FineTuneRecipe}, or one with attendsFrom 0");
        Require(AttendsRate is >= 0 and <= 1, $"the share of the learning rate with which the attention joins is {AttendsRate}, not 0 to 1");
        Require(ClassWeights is null || (ClassWeights.Count == LesionMask.ClassCount && ClassWeights.All(weight => weight > 0 && double.IsFinite(weight))),
            $"class weights are not {LesionMask.ClassCount} positive numbers");
        Require(HeldOutShare is >= 0 and < 1, $"the held-out share is {HeldOutShare}, not from 0 to below 1");
        Require(InputCheckSteps >= 0, $"steps of the input check are {InputCheckSteps}, not at least 0");
        Require(ScoreEvery >= 0, $"epochs between scores are {ScoreEvery}, not at least 0");
    }

    /// <exception cref="InvalidDataException">It does not hold.</exception>
    internal static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidDataException($"The training options cannot be used: {otherwise}.");
    }

    /// <param name="recipe">best, paper, or a JSON file with those options that differ from the defaults.</param>
    /// <exception cref="InvalidDataException">There is no such recipe.</exception>
    public static TrainingOptions OfRecipe(string recipe) => recipe switch
    {
        BestRecipe => new TrainingOptions
        {
            Configuration = new ModelConfiguration { InputSide = 224, PredictsMirrored = true, ClassOffsets = [0, 0, 0, -4], Temperature = 2.5 },
            Variation = new Variation
            {
                MinZoom = 0.7, MaxZoom = 1.4, MaxRotationDegrees = 20, Contrast = 0.25, Brightness = 0.25, Gamma = 1.3, Noise = 0.06, Deformation = 0.015,
                Consolidations = 0.2, Effusions = 0.2,
            },
            Dice = DiceTerms.Infection,
            ClassWeights = [1, 2, 2, 5],
            Epochs = 1000,
            InputSize = 224,
            Stages = [new(Until: 0.6, Size: 0.5), new(Until: 0.9, Size: 0.7)],
            AttendsFrom = 0.9,
            AttendsRate = 0.25,
            LearningRate = 4e-3,
            ScoreEvery = 50,
        },
        FineTuneRecipe => OfRecipe(BestRecipe) with
        {
            // Milder, and nothing simulated: few epochs are for what the corrected slices show (decision 23).
            Variation = new Variation { MinZoom = 0.8, MaxZoom = 1.25, Contrast = 0.15, Brightness = 0.1, Gamma = 1.15 },
            Epochs = 60,
            Stages = [],
            AttendsFrom = 0,
            AttendsRate = 0,
            LearningRate = 1e-3,
        },
        PaperRecipe => new TrainingOptions
        {
            Views = Training.Views.Paper,
            Dice = DiceTerms.None,
            OneCycle = false,
            Epochs = 100,
            InputSize = SlicePreprocessor.Side,
            LearningRate = 1e-3,
            WeightDecay = 0,
            AverageDecay = 0,
        },
        _ when recipe.EndsWith(".json", StringComparison.OrdinalIgnoreCase) => RecipeFile.Read(recipe),
        _ => throw new InvalidDataException($"There is no recipe '{recipe}': {BestRecipe}, {FineTuneRecipe} and {PaperRecipe} are known, and files that end in .json."),
    };
}
